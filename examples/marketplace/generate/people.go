package main

// person is a member of the marketplace.
type person struct {
	uid, name, area string
	thanks          string // how they say thank you when it comes from the heart
}

func (p person) first() string { return firstName(p.name) }

var people = []person{
	{"maya-fischer", "Maya Fischer", "Lindenau", "Danke dir"},
	{"joao-pereira", "João Pereira", "Südvorstadt", "Obrigado"},
	{"aisha-karim", "Aisha Karim", "Plagwitz", "Shukran"},
	{"leo-brandt", "Leo Brandt", "Connewitz", "Danke"},
	{"sofia-rossi", "Sofia Rossi", "Schleußig", "Grazie mille"},
	{"emil-novak", "Emil Novák", "Reudnitz", "Díky"},
	{"hana-kimura", "Hana Kimura", "Gohlis", "ありがとう"},
	{"lucas-moreau", "Lucas Moreau", "Zentrum", "Merci beaucoup"},
	{"nina-petrova", "Nina Petrova", "Stötteritz", "Спасибо"},
	{"omar-aziz", "Omar Aziz", "Lindenau", "Thank you so much"},
	{"ida-larsen", "Ida Larsen", "Plagwitz", "Tusen takk"},
	{"pavel-horak", "Pavel Horák", "Gohlis", "Děkuju"},
	{"clara-vogel", "Clara Vogel", "Connewitz", "Tausend Dank"},
	{"mateo-garcia", "Mateo García", "Südvorstadt", "Mil gracias"},
	{"yuna-park", "박유나", "Zentrum", "감사합니다"},
	{"felix-baum", "Felix Baum", "Reudnitz", "Danke dir"},
	{"elif-demir", "Elif Demir", "Schleußig", "Teşekkürler"},
	{"noah-wagner", "Noah Wagner", "Gohlis", "Dankeschön"},
	{"zofia-nowak", "Zofia Nowak", "Lindenau", "Dziękuję"},
	{"arjun-mehta", "Arjun Mehta", "Zentrum", "Thank you, really"},
	{"lena-schuster", "Lena Schuster", "Stötteritz", "Danke"},
	{"tomas-silva", "Tomás Silva", "Plagwitz", "Muito obrigado"},
	{"greta-olsson", "Greta Olsson", "Connewitz", "Tack så mycket"},
	{"samir-haddad", "Samir Haddad", "Reudnitz", "Merci"},
	{"anouk-dubois", "Anouk Dubois", "Südvorstadt", "Merci mille fois"},
	{"jakob-stein", "Jakob Stein", "Schleußig", "Vielen Dank"},
	{"mei-lin", "林美", "Gohlis", "謝謝"},
	{"oskar-krause", "Oskar Krause", "Lindenau", "Danke"},
	{"fatima-bello", "Fatima Bello", "Zentrum", "Thanks a million"},
	{"henrik-dahl", "Henrik Dahl", "Stötteritz", "Mange tak"},
	{"paula-winter", "Paula Winter", "Plagwitz", "Lieben Dank"},
	{"david-levi", "David Levi", "Connewitz", "Toda"},
	{"ines-costa", "Inês Costa", "Reudnitz", "Obrigada"},
	{"kofi-mensah", "Kofi Mensah", "Gohlis", "Medaase"},
	{"julia-berg", "Julia Berg", "Südvorstadt", "Danke sehr"},
	{"ravi-nair", "Ravi Nair", "Schleußig", "Nandri"},
	{"marta-kowalska", "Marta Kowalska", "Zentrum", "Dzięki"},
	{"simon-keller", "Simon Keller", "Lindenau", "Merci vielmal"},
	{"alma-jensen", "Alma Jensen", "Stötteritz", "Tusind tak"},
	{"hugo-lambert", "Hugo Lambert", "Plagwitz", "Merci"},
}

// corners are where people of an area meet.
var corners = map[string][]string{
	"Lindenau":    {"the market square", "the old cinema", "the tram stop at the park"},
	"Südvorstadt": {"the corner with the flower shop", "the library", "the bakery on the avenue"},
	"Plagwitz":    {"the canal bridge", "the old mill", "the bicycle workshop"},
	"Connewitz":   {"the crossing with the clock", "the edge of the woods", "the record shop"},
	"Schleußig":   {"the footbridge", "the ice cream place", "the school gate"},
	"Reudnitz":    {"the brewery gate", "the park entrance", "the yellow kiosk"},
	"Gohlis":      {"the little palace", "the church steps", "the station's north side"},
	"Zentrum":     {"the fountain", "the opera steps", "the arcade's back entrance"},
	"Stötteritz":  {"the water tower", "the allotment gate", "the swimming pool"},
}
