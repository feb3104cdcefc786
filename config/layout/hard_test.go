package layout_test

// hard are sources with a layout that is easy to get wrong. Most of them
// parse; the others hold that nothing is lost on the way.
var hard = []string{
	// Nothing, spaces and ends.
	"", "  ", "\t\t", " \n", "a = 1", "a = 1   ", "a = 1\n \t ", "b {\n  ", "# x", "   # x\n", "# x\n   ", "a = 1 # x", "a = 1 /* x */  ",
	"\n\n\n  \na = 1\n\n\n\nb=2\n\n", "b {\n\n\n a = 1\n\n \t\n}\n", "b {}\n\n\nc{}", "\ufeffa = 1\n",
	"a = 1\r\nbbb = 2 # x\r\n\r\n\r\nc = 3\r\n", "a = <<E\r\n  x\r\nE\r\nbb = [\r\n1\r\n]\r\n", "a = 1 /* x\r\n y */ # z\r\nbb = 2 # z\r\n",

	// Operators and signs.
	"a=1+2-3*4/5%6\n", "a=b==c!=d<e<=f>g>=h&&i||!j\n", "a = -  - 1\n", "a = ! ! b\n", "a = 1 - - 1\n", "a=b-1\n", "a = b ? - 1 : - 2\n",
	"a = x == - 1 && - x <= - 1 || - 3 >= - 2 != - 4 / - 5 > - 6 < - 7 % - 8 * - 9 + - 1\n", "a=b?c:d?e:f\n",
	"a = [ - 1, (- 2), {a = - 1, - 2 = 1, b : - 1}, f( - 1), b[ - 1 ]]\n", "a = [ for x in - y : - x if - z ]\n", "a = {for k , v in y : k => - v}\n",
	"a = [\n1,\n- 1\n- 1\n]\n", "a = (\n- 1 - 1\n)\n", "a = 1 /* x */ - 1\n", "a = /* x */ - 1\n", "a = \"${ - 1 }${~ - 1 ~}%{ if - 1 }%{ endif }\"\n", "a = 1.5 - .5\n", "a = 1e5 - 1E-5\n",

	// Traversals, calls and collections.
	"a = b . 0 . c\n", "a = b . 0 . 1 . 2\n", "a = b.0.1.2\n", "a = b . * . c\n", "a = b [ * ] . c [ 0 ] [ \"x\" ]\n", "a = f ( x ) [ 0 ] . y\n", "a = [ 1 ] [ 0 ]\n", "a = { x = 1 } [ \"x\" ]\n",
	"a = \"x\" [ 0 ]\n", "a = b /* x */ . c /* y */ [ 0 ]\n", "a = f ( x , y ... )\n", "a = f ( )\n", "a = n :: f ( 1 )\n", "a = f(x,\ny)\n", "a = f(\n g(\n1\n))\n", "a = f(g(\n1\n)\n)\n",
	"a = {}\nb=[]\nc=[ ]\nd=( 1 )\ne={ }\n", "a = [ 1 , 2 , ]\nb={c=1,}\n", "a = {b=1,c={}}\n", "a = {\n}\n", "a = [\n\n]\n", "a = {\n b = 1\n}.c\n", "a = [{\n b=1\n}, {\n c=2\n}]\n", "a = [\n{\n b=1\n}, {\n c=2\n}]\n",
	"a = [1,\n 2,\n 3]\n", "a = [[1,\n 2],\n [3]]\n", "a = [\n 1\n ,2\n]\n", "a = [[\n[\n1\n]]\n]\n", "a = b ? [\n1\n] : [\n2\n]\n", "a = (b\n? 1\n: 2)\n", "a = (\n1\n+\n2\n)\n",
	"a = [for x in y :\n x\nif x]\n", "a = {for k , v in y :\n k => v...\nif x}\n", "a = [ for x in [ 1 ] : x if ( x ) ]\n", "a = [ for x in ( y ) : x ]\n", "a = [for in in in [1] : in]\n", "a = x.in [ 0 ]\n", "a = in [ 0 ]\n",

	// Columns of = and of comments.
	"a = 1\nbbb = 2\n\ncccccc = 3\n", "a = 1\n# x\nbbb = 2\n", "a = 1\nb {\n}\nbbb = 2\n", "a = 1\nb { x = 1 }\nbbb = 2\n", "a = 1\nbbb = [\n 1\n]\ncccccc = 2\n", "a = 1\nbbb = {\nccccccc = 2\n}\n",
	"a = {\n b = 1\n ccc = 2\n}\n", "a = {\n b : 1\n ccc : 2\n}\n", "a = {\n (b) = 1\n \"ccc\" = 2\n dd : 3\n}\n", "a = {\n b = 1, # x\n ccc = 22, # y\n}\n", "a = {\n b = 1, c = 2\n ddd = 3\n}\n",
	"a = { aaaa = 1\nb = 2\ncc = 3 }\nddd = 4\n", "a = { b = c # x\n d = e # yy\n}\n", "a = {\n f(b == 1) = 3\n x[0] = 1\n abcdefg = 2\n}\n", "a = {\n \"b${x}\" = 1\n ccc = 2\n}\n", "a = {\n \"b${{c=1}.c}\" = 1\n ccc = 2\n}\n",
	"a = 1 # x\n# y\nb = 222 # z\n", "a = 1 # x\n\nbbb = 22 # y\n", "aaaaaaaaaa { x = 1 } # 1\nbbb = 222 # 2\n", "a = b # x\nc {\n # y\n d = 1 # z\n} # w\ne = 1 # v\n", "a = 1 # x\nc { # w\n}\n", "a = [\n1, # x\n222, # y\n]\n",
	"a = [ 1, 2 # x\n , 3 ] # y\n", "a = [ # c\n1 ]\n", "a = { # c\n b = 1 }\n", "世=1 //a\ny=\"世\"//b\nz=\"🇬🇧\"# c\nw=\"e\u0301\" # d\n", "x=1 //a\ny=22//b\n", "a = (\n1\n) # x\nbbbbbb = 2 # y\n",
	"b \"l\" m { a = 1 } # c\n", "b \"x${ c }\" {}\n", "b \"x\" y {\n a = 1 \n}\n", "b{\n}\n",

	// Comments of all kinds in all places.
	"a = 1 /* x */\nbbb = 22 /* y */\n", "a = 1 /* x */ + 2\nbbb = 22 // y\n", "/* x */ a = 1\nbbb = 22 // y\n", "a /* x */ = 1\nbbb = 22 // y\n", "a = 1 /* b */ # c\nddd = 2 # d\n", "a = 1 /* b\n c */ # c\nddd = 2 # d\n",
	"/* b\n c */ # c\nddd = 2 # d\n", "/* a */ # c\nddd = 2 # d\n", "aaaa = 1 /* x\n*/ \nb = 222 # y\nc = 1 # z", "aaaa = 1 /* x */\nb = 222 /* y */", "  /* a\n   b */ a = 1\n", "b {\n/* a\n   b */\n/* a */ c = 1\n}\n", "b /* x */ {\n}\n/* x */\n\n# y\nc = 1\n",
	"a = { /* x */ }\nb=[ /* x */ ]\nc=(/* x */ 1)\nd=f( /* x */ 1 /* x */, 2 /* y */)\n", "a = f(x, /* c */\ny)\nb = { /* c */\n}\n", "a = f(x, // c\ny)\n", "b { # x\n# y\n}\n# z", "a = 1 //\nbb = 2 #\n", "b { // x\n  a = 1 // y\n} // z\n",

	// Templates.
	"a = \"${ b }\"\n", "a = \"${ b }${c}${ d } ${e}\"\n", "a = \"x${ \"in ${ b } z\" }y\"\n", "a = \"x${ { a = 1 }.a }y\"\n", "a = \"x${ [ a ][0] }y${ ( a ) }z${ ! a }\"\n", "a = \"${~ { a = 1 } ~}\"\n", "a = \"${ b }\" == \"c\"\n", "a = \"\"\nb=\" \"\n",
	"a = \"x%{ if a }y%{ else }z%{ endif }\"\n", "a = \"%{~ for x in [ 1 ] ~} y %{~ endfor ~}\"\n", "a = \"%{ if ( a ) }z%{ endif }%{ if \"a\" == b }%{ endif }\"\n", "a = \"x${ /* c */ a /* d */ }y\"\n", "a = \"x${ a # hi\n }y\"\n", "a = \"${ b # x\n}\" # y\nc = 1 # z\n",
	"a = \"${\n  b\n}\" \n c = 1\n", "a = \"${\n  b  +\n c\n} x ${[\n1\n]}\" \n c = 1\n", "b {\n a = \"${\n  b\n}\"\n d = 1\n}\n", "a = \"%{ if x\n}y%{ endif\n}\"\n", "a = \"$${ x } %%{ y }\"\n", "a = \"\\\"${ b }\\\"\"\n", "a = \"  ${ b }  \"\n", "a = \"\\t{ x }  [ y ]\"\n",

	// Heredocs.
	"a = <<E\nE\n", "a = <<E\n  x   y\n\n z = 1\nE\n", "b {\n a = <<-E\n    x\n      y\n    E\n d = 1\n}\n", "a = 1\nbbb = <<E\nx\nE\ncccccc = 2\n", "a = 1 # q\nbbb = <<E\nx\nE\n# foo\ncccccc = 2 # r\n", "b {\n a = 1 # c\n ddd = <<E\nfoo\nE\n d = 1 # d\n}\n",
	"a = [ <<E\nfoo\nE\n , 2 ]\n", "a = f ( <<-E\n  foo ${ x }\n   E\n)\n", "a = [\n<<E\nx\nE\n,\n<<E\ny\nE\n]\nb = 1\nccc=1\n", "b {\n a = [<<E\nx\nE\n]\n}\n", "a = {\nb = <<E\nfoo ${{x = 1}.x}\nE\nccc = 1\n}\n", "a = {\n b = <<E\nx\nE\n ccc = 1\n}\n",
	"b {\n a = <<E\n  %{ if x ~}\n y\n %{ endif }\nE\n}\n", "b {\n a = <<E\n  ${ x }  ${ [\n 1,2\n] } foo\n  y\nE\n d = 1\n}\n", "b {\n c {\n a = <<E\n${ [\n1,\n[\n2],\n3] }\nE\n d = 1\n}\n}\n", "b {\n c {\n a = <<E\n${ [1\n,\n2] } ${ [3,\n4] }\nE\n d = 1\n}\n}\n",
	"b {\n c = [<<E\n${ [1\n,\n2] } ${ [3,\n4] }\nE\n, 1\n]\n}\n", "b {\n a = <<E\n${ \n<<F\n${\n1\n}\nF\n}\nE\n d = 1\n}\n", "b {\n a = <<E\n${ \n<<F\nx\nF\n}\n${[\n1\n]}\nE\n d = 1\n}\n", "b {\n a = f(<<E\nfoo ${\nx\n}\nE\n)\n d = 1\n}\n", "b {\n a = {\nx = <<E\nfoo ${x # c\n}\n    ${y}\nE\n}\n d = 1\n}\n",
	"a = <<E\n${<<F\nF\n}\n%{ if b\n}y%{ endif }\nE\n", "a = <<E\n${ b # x\n} ${ \"${ c # y\n}\"}\nE\n", "a = [[1,\n2], { b = {}}, <<E\n${ c\n}\nE\n]\n", "a = [[1,\n2], {\nb = 1 }, <<E\n${ c\n}\nE\n]\n", "a = [[1,\n{ b = \"\" }, <<E\n${ c\n}\nE\n]]\n",
	"a = [[1, # x\n2], { b = \"\" /* x\n */ }, <<E\n${ c\n}\nE\n]\n", "a = <<E\n${\n\n\n  b\n\n}\nE\n", "a = <<E\n${ b }\n${ c }E\nE\n", "a = <<E\n  ${ b /* x */ }\nE\nc = 1 # x\n", "a = \"${<<E\nx\nE\n}\"\n",

	// What does not parse, and what does not even lex.
	"a = {\n}\n)\n}\nb = 1\n", "b {\n a = [ } ]\n d = 1\n}\n", "a = . . .\n", "a = ! = 1\n", "a = ! == 1\n", "a = 1 . 2\n", "a = 5 . 5 . 5\n", "a . ..\n", "a = : :: :\n", "a = \"${ {\n", "a = <<E\n${\n", "= 1\n= 22\n", "a = @ b $ c\n", "a = 'x'\n", "a = b\u00a0c\n", "a = <<E # x\nE\n",
	"a = \"x\n\"\n", "a = \"unterminated\nb=1\n", "a = <<E\nfoo", "a = `x`\n", "a = b;c = d\n", "a = 0x1 ~ 2 & 3 | 4 ^ 5\n", "a = 1 \\\nb = 1", "\x00", "a = \"\xff\"\n", "a =\rb\n",
}
