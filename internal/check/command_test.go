package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// long says that tests of minutes are wanted: SURPRISAL_LONG=1.
var long = os.Getenv("SURPRISAL_LONG") != ""

// scratch is a folder for the whole run of the tests.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "surprisal-check-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

var (
	builtMu sync.Mutex
	built   = map[string]string{}
)

// command builds the command, as users have it, and gives its path. What is in env
// and args makes another build.
func command(t testing.TB, env []string, args ...string) string {
	t.Helper()
	builtMu.Lock()
	defer builtMu.Unlock()
	key := strings.Join(append(slices.Clone(env), args...), " ")
	if p, ok := built[key]; ok {
		return p
	}
	to := filepath.Join(scratch, fmt.Sprintf("surprisal-%d", len(built)))
	cmd := exec.Command(goTool(), append([]string{"build", "-o", to}, append(args, "./cmd/surprisal")...)...)
	cmd.Dir = repository(t)
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the command: %v\n%s", err, out)
	}
	built[key] = to
	return to
}

// score runs `surprisal score --json` and gives the object it printed.
func score(t testing.TB, exe string, env []string, stdin io.Reader, args ...string) map[string]any {
	t.Helper()
	args = append([]string{"score", "--json", "--quiet"}, args...)
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = stdin
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("surprisal %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return object(t, out.Bytes())
}

// object parses a JSON object. Numbers stay the text that they are: the command
// writes the shortest that reads back, so equal text is equal bits.
func object(t testing.TB, b []byte) map[string]any {
	t.Helper()
	var o map[string]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&o); err != nil {
		t.Fatalf("no JSON object: %v in %.300s", err, b)
	}
	return o
}

// figures takes from a scorecard what names files and rows, and how they were
// stored, and leaves every figure.
func figures(card map[string]any) map[string]any {
	delete(card, "inputs")
	delete(card, "read_as")
	delete(card, "row_is")   // which a file without names of columns does not say
	delete(card, "join")     // which only files with a key have
	delete(card, "warnings") // they name rows; what they warn of are figures too
	if d, ok := card["sum_defect"].(map[string]any); ok {
		card["sum_defect"] = d["largest"]
	}
	if worst, ok := card["worst"].([]any); ok {
		var costs []any // which rows depends on their order, where several cost the same
		for _, w := range worst {
			costs = append(costs, w.(map[string]any)["surprisal"])
		}
		card["worst"] = costs
	}
	if list, ok := card["slices"].([]any); ok {
		slices.SortFunc(list, func(a, b any) int {
			return strings.Compare(fmt.Sprint(a.(map[string]any)["key"]), fmt.Sprint(b.(map[string]any)["key"]))
		})
	}
	return card
}

// differences lists where two JSON values differ.
func differences(where string, a, b any) (list []string) {
	switch a := a.(type) {
	case map[string]any:
		if b, ok := b.(map[string]any); ok {
			for k, v := range a {
				if _, ok := b[k]; !ok {
					list = append(list, where+"."+k+": absent")
					continue
				}
				list = append(list, differences(where+"."+k, v, b[k])...)
			}
			for k := range b {
				if _, ok := a[k]; !ok {
					list = append(list, where+"."+k+": was absent")
				}
			}
			slices.Sort(list)
			return list
		}
	case []any:
		if b, ok := b.([]any); ok && len(a) == len(b) {
			for i := range a {
				list = append(list, differences(fmt.Sprintf("%s[%d]", where, i), a[i], b[i])...)
			}
			return list
		}
	default:
		if a == b {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s: %v, was %v", where, b, a)}
}

func TestDifferences(t *testing.T) {
	a := object(t, []byte(`{"x": {"value": 0.1, "hi": 2}, "list": [1, 2], "y": 1, "s": "Infinity"}`))
	b := object(t, []byte(`{"x": {"value": 0.10000000000000002, "hi": 2}, "list": [1, 3], "z": 1, "s": "Infinity"}`))
	want := []string{".list[1]: 3, was 2", ".x.value: 0.10000000000000002, was 0.1", ".y: absent", ".z: was absent"}
	if got := differences("", a, b); !slices.Equal(got, want) {
		t.Errorf("differences are %q", got)
	}
	if got := differences("", a, a); got != nil {
		t.Errorf("of the same: %q", got)
	}
}
