package figures_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/applier/figures"
)

func TestFigures(t *testing.T) {
	path := filepath.Join(t.TempDir(), "figures.json")
	var a, b figures.Figures
	a.Add("kills", 1)
	a.Add("kills", 1233)
	a.AddAll("fault: ", map[string]int{"half": 7})
	b.Add("seeds", 2000000)
	for name, f := range map[string]*figures.Figures{"TestA": &a, "TestB": &b} {
		if err := f.Save(path, name); err != nil {
			t.Fatal(err)
		}
	}
	all, err := figures.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	const want = `| test | figure | count |
|---|---|---:|
| ` + "`TestA`" + ` | fault: half | 7 |
|  | kills | 1,234 |
| ` + "`TestB`" + ` | seeds | 2,000,000 |
`
	if diff := cmp.Diff(want, figures.Table(all)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, want := a.String(), "7 fault: half, 1234 kills"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if a.Of("kills") != 1234 || a.Of("nothing") != 0 {
		t.Error("counts are wrong")
	}
	if err := a.Save("", "TestA"); err != nil {
		t.Error(err)
	}
}
