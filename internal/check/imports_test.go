package check

import (
	"go/ast"
	"go/build"
	"os/exec"
	"path"
	"slices"
	"sort"
	"strings"
	"testing"
)

// law says what a room may import from the house: everything else is banned,
// for the reason why. Tests may import what they like.
type law struct {
	room    string // "" is the root
	floor   int
	may     []string
	library bool // what others import: only std, gonum and x/sys from outside
	why     string
}

// anything stands for all rooms of lower floors.
const anything = "*"

// laws is the plan of the house, the ground floor first. Imports point down
// only; rooms of one floor do not know each other.
var laws = []law{
	{"internal/kernel", 0, nil, true,
		"kernels are arithmetic on slices: what knows nothing of the house can be tested, and replaced, on its own"},
	{"internal/exact", 1, []string{"internal/kernel"}, true,
		"an exact sum adds numbers and does not know what they mean"},
	{"", 2, []string{"internal/exact"}, true,
		"the unit of account is what every other room speaks; if it knew one of them, all would depend on that one"},
	{"predict", 3, []string{""}, true,
		"readers deliver what the file says and take no logarithms: a reader that knew losses would turn numbers into nats at a second door"},
	{"loss", 3, []string{"", "internal/kernel"}, true,
		"the loss of a row must not depend on where the row was read or how it is summed"},
	{"info", 3, []string{"", "internal/kernel"}, true,
		"measures of distributions are pure functions, wanted by people who read no files"},
	{"score", 4, []string{"", "predict", "loss", "info"}, true,
		"the door to nats: it folds what readers deliver; opening files and showing figures are for the floors above, " +
			"and a library user who scores pays for no file format and no output"},
	{"predict/formats", 5, []string{"predict"}, false,
		"it brings the dependencies of file formats, and nothing of what is done with the rows; only faces import it"},
	{"report", 5, []string{"", "info", "score", "fit"}, false,
		"it shows results and never computes one from rows, so that every face shows the same"},
	{"internal/check", 5, nil, false,
		"it looks at the house from outside"},
	{"cmd/surprisal", 6, []string{anything}, false,
		"the command is the roof: nothing can import it"},
}

// bans are packages of the standard library that some rooms must do without.
var bans = []struct {
	path, why string
	applies   func(l law) bool
}{
	{"C", "cgo would cost the one static binary, cross compiling and a C compiler on every user's machine",
		func(law) bool { return true }},
	{"log", "a library returns what it has to say, and the command speaks through one place", always},
	{"log/slog", "a library returns what it has to say, and the command speaks through one place", always},
	{"flag", "flags belong to the command, which has its own parser", always},
	{"net", "nothing here talks to the network", always},
	{"net/http", "nothing here talks to the network", always},
	{"os/exec", "no other program is needed", always},
	{"encoding/csv", "readers for predictions are strict, parallel and know row numbers; encoding/csv is their oracle in tests",
		func(l law) bool { return strings.HasPrefix(l.room, "predict") }},
	{"math/rand", "results are the same every time: no random numbers", always},
	{"math/rand/v2", "results are the same every time: no random numbers", always},
}

func always(law) bool { return true }

// outside are the modules that library rooms may import.
var outside = []string{"gonum.org/v1/gonum", "golang.org/x/sys"}

func lawOf(name string) (law, bool) {
	for _, l := range laws {
		if l.room == name {
			return l, true
		}
	}
	return law{}, false
}

func TestEveryRoomHasALaw(t *testing.T) {
	found := map[string]bool{}
	for _, r := range rooms(t) {
		found[r.name] = true
		if _, ok := lawOf(r.name); !ok {
			t.Errorf("%s is new: give it a row in the table of laws, with its floor, what it may import and why no more", r.title())
		}
	}
	for _, l := range laws {
		if !found[l.room] {
			t.Errorf("%q has a law but does not exist any more", l.room)
		}
		if l.why == "" {
			t.Errorf("%q: a law without a reason", l.room)
		}
		for _, m := range l.may {
			if m == anything {
				continue
			}
			if lower, ok := lawOf(m); ok && lower.floor >= l.floor {
				t.Errorf("%q may import %q, which is not below it", l.room, m)
			}
		}
	}
}

// The names say nothing about what is inside, so that sooner or later everything is.
func TestNoRoomForEverything(t *testing.T) {
	for _, r := range rooms(t) {
		for _, part := range strings.Split(r.name, "/") {
			switch part {
			case "util", "utils", "common", "core", "pkg", "helpers", "misc", "shared", "lib":
				t.Errorf("%s: %q is no name for a room; call it by what it does", r.name, part)
			}
		}
	}
}

func TestImportLaw(t *testing.T) {
	for _, r := range rooms(t) {
		l, ok := lawOf(r.name)
		if !ok {
			continue // TestEveryRoomHasALaw complains
		}
		for p, place := range r.imports() {
			if reason := forbidden(l, p); reason != "" {
				t.Errorf("%s imports %s: %s", place, p, reason)
			}
		}
	}
}

// forbidden is why a room must not import a path, "" if it may.
func forbidden(l law, p string) string {
	for _, b := range bans {
		if b.path == p && b.applies(l) {
			return b.why
		}
	}
	switch {
	case p == module || strings.HasPrefix(p, module+"/"):
		name := strings.TrimPrefix(strings.TrimPrefix(p, module), "/")
		if lower, ok := lawOf(name); slices.Contains(l.may, name) || ok && slices.Contains(l.may, anything) && lower.floor < l.floor {
			return ""
		}
		return l.why
	case !l.library || isStd(p):
		return ""
	case slices.ContainsFunc(outside, func(m string) bool { return p == m || strings.HasPrefix(p, m+"/") }):
		return ""
	}
	return "whoever imports a library room pays for what it imports: only the standard library, " + strings.Join(outside, " and ")
}

// isStd reports whether a path is the standard library's: its first part has no dot.
func isStd(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".")
}

// TestForbidden tries the law itself.
func TestForbidden(t *testing.T) {
	for _, c := range []struct {
		room, path string
		ok         bool
	}{
		{"internal/exact", "surprisal/internal/kernel", true},
		{"internal/kernel", "surprisal/internal/exact", false},
		{"", "surprisal/score", false},
		{"score", "surprisal", true},
		{"score", "surprisal/report", false},
		{"score", "surprisal/predict/formats", false},
		{"score", "github.com/klauspost/compress/zstd", false},
		{"score", "golang.org/x/sys/cpu", true},
		{"score", "golang.org/x/system", false},
		{"predict", "math/rand/v2", false},
		{"predict/formats", "github.com/klauspost/compress/zstd", true},
		{"predict/formats", "surprisal/score", false},
		{"cmd/surprisal", "surprisal/report", true},
		{"cmd/surprisal", "surprisal/cmd/surprisal", false},
		{"cmd/surprisal", "C", false},
	} {
		l, ok := lawOf(c.room)
		if !ok {
			t.Fatalf("no law for %q", c.room)
		}
		if reason := forbidden(l, c.path); (reason == "") != c.ok {
			t.Errorf("%q imports %s: reason %q", c.room, c.path, reason)
		}
	}
}

// What the library rooms import may itself import more; the whole closure is
// held to the same law.
func TestLibraryNeedsNothingElse(t *testing.T) {
	args := []string{"list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}"}
	for _, l := range laws {
		if l.library {
			args = append(args, path.Join(module, l.room))
		}
	}
	cmd := exec.Command(goTool(), args...)
	cmd.Dir = repository(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderrOf(err))
	}
	deps := strings.Fields(string(out))
	if len(deps) < 5 {
		t.Fatalf("only %d packages: %q", len(deps), deps)
	}
	sort.Strings(deps)
	for _, p := range deps {
		if p == module || strings.HasPrefix(p, module+"/") {
			continue
		}
		if !slices.ContainsFunc(outside, func(m string) bool { return p == m || strings.HasPrefix(p, m+"/") }) {
			t.Errorf("the library needs %s: only the standard library, %s are wanted", p, strings.Join(outside, " and "))
		}
	}
}

// goTool is the go command that built the test.
func goTool() string {
	if p, err := exec.LookPath("go"); err == nil {
		return p
	}
	return path.Join(build.Default.GOROOT, "bin", "go")
}

func stderrOf(err error) []byte {
	if e, ok := err.(*exec.ExitError); ok {
		return e.Stderr
	}
	return nil
}

// calls that some rooms must do without.
var callBans = []struct {
	pkg, name string
	why       string
	applies   func(room string) bool
}{
	{"os", "Exit", "below main a failure is an error that somebody handles",
		func(room string) bool { return room != "cmd/surprisal" }},
	{"math", "Log", "it is wrong for subnormal probabilities on amd64 (golang/go#56600) and differs between processors; " +
		"take internal/kernel's",
		func(room string) bool { return room == "score" || room == "loss" || room == "" }},
	{"math", "Log2", "everything inside is in nats; surprisal.Unit converts", outsideCommand},
	{"math", "Log10", "everything inside is in nats; surprisal.Unit converts", outsideCommand},
}

func outsideCommand(room string) bool { return room != "cmd/surprisal" && room != "report" }

func TestCallBans(t *testing.T) {
	for _, r := range rooms(t) {
		for _, f := range r.files {
			ast.Inspect(f, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				pkg, ok := sel.X.(*ast.Ident)
				if !ok {
					return true
				}
				for _, b := range callBans {
					if pkg.Name == b.pkg && sel.Sel.Name == b.name && b.applies(r.name) {
						t.Errorf("%s: %s.%s: %s", r.fset.Position(n.Pos()), b.pkg, b.name, b.why)
					}
				}
				return true
			})
		}
	}
}
