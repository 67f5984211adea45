// Command gen writes the assembly of package kernel and the Go declarations
// that belong to it into the folder above this one:
//
//	cd internal/kernel/gen && go run .
//
// The files it writes are part of the repository; running it again must leave
// them as they are.
package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
)

// files are the written files, name_amd64.s and name_amd64.go each.
var files = []struct {
	name     string
	generate func(*file)
}{
	{"log", logs},
	{"moments", moments},
	{"cross", crosses},
	{"exp", exps},
	{"exp64", exps64},
	{"half", halves},
	{"read", read},
	{"soft", softs},
	{"tally", tallies},
	{"columns", columns},
	{"judge", judges},
}

func main() {
	for _, f := range files {
		if err := write(f.name, f.generate); err != nil {
			fmt.Fprintf(os.Stderr, "gen: %s: %v\n", f.name, err)
			os.Exit(1)
		}
	}
}

func write(name string, generate func(*file)) error {
	f := &file{Context: build.NewContext(), constants: map[string]operand.Mem{}}
	f.ConstraintExpr("amd64,!purego")
	generate(f)
	ir, err := f.Result()
	if err != nil {
		return err
	}
	if err := pass.Compile.Execute(ir); err != nil {
		return err
	}
	cfg := printer.Config{Name: "gen", Argv: []string{"go", "run", "."}, Pkg: "kernel"}
	for ext, p := range map[string]printer.Printer{
		".s":  printer.NewGoAsm(cfg),
		".go": printer.NewStubs(cfg),
	} {
		text, err := p.Print(ir)
		if err != nil {
			return err
		}
		if err := onlyAVX2(text); ext == ".s" && err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join("..", name+"_amd64"+ext), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// file is an assembly file in the making.
type file struct {
	*build.Context
	constants map[string]operand.Mem
}

// function starts a function of one tier.
func (f *file) function(name, signature, doc string) {
	f.Function(name)
	f.Attributes(attr.NOSPLIT)
	f.Pragma("noescape")
	f.Doc(doc)
	f.SignatureExpr(signature)
}

// words is a constant of 64-bit words in memory, shared by all its users.
func (f *file) words(w ...uint64) operand.Mem {
	key := fmt.Sprint(w)
	if m, ok := f.constants[key]; ok {
		return m
	}
	m := f.StaticGlobal(fmt.Sprintf("c%d", len(f.constants)))
	f.DataAttributes(attr.RODATA | attr.NOPTR)
	for i, v := range w {
		f.AddDatum(8*i, operand.U64(v))
	}
	f.constants[key] = m
	return m
}

// vector is a type of vector registers.
type vector struct {
	bytes int
}

var (
	avx2   = vector{32}
	avx512 = vector{64}
)

func (v vector) lanes() int { return v.bytes / 8 }

// reg is a new vector register.
func (f *file) reg(v vector) reg.VecVirtual {
	if v == avx512 {
		return f.ZMM()
	}
	return f.YMM()
}

// fill is a constant in memory, one word in all lanes; one word is enough where
// the user broadcasts.
func (f *file) fill(v vector, w uint64) operand.Mem {
	all := make([]uint64, v.lanes())
	for i := range all {
		all[i] = w
	}
	return f.words(all...)
}

func (f *file) fillFloat(v vector, x float64) operand.Mem { return f.fill(v, math.Float64bits(x)) }

// fixed loads a constant into a register that keeps it.
func (f *file) fixed(v vector, w uint64) reg.VecVirtual {
	r := f.reg(v)
	f.VBROADCASTSD(f.words(w), r)
	return r
}

func (f *file) fixedFloat(v vector, x float64) reg.VecVirtual {
	return f.fixed(v, math.Float64bits(x))
}

func at(base reg.Register, disp int) operand.Mem { return operand.Mem{Base: base, Disp: disp} }

var registers32 = regexp.MustCompile(`\b([XY](1[6-9]|2[0-9]|3[01])|Z[0-9]+|K[0-7])\b`)

// onlyAVX2 checks that functions for AVX2 keep to its 16 registers: the others,
// which the allocator knows too, need AVX-512.
func onlyAVX2(text []byte) error {
	name, needs := "", ""
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "TEXT ·"); ok {
			name, _, _ = strings.Cut(rest, "(")
			if strings.HasSuffix(name, "AVX2") && strings.Contains(needs, "AVX512") {
				return fmt.Errorf("%s needs %s", name, needs)
			}
		}
		if rest, ok := strings.CutPrefix(line, "// Requires:"); ok {
			needs = rest
		}
		if strings.HasSuffix(name, "AVX2") && !strings.HasPrefix(line, "//") {
			if r := registers32.FindString(line); r != "" {
				return fmt.Errorf("%s uses %s", name, r)
			}
		}
	}
	return nil
}

// fill32 is a constant in memory, one 32-bit word in all lanes.
func (f *file) fill32(v vector, w uint32) operand.Mem { return f.fill(v, uint64(w)<<32|uint64(w)) }

// float32s is a constant in memory, one float32 in all lanes.
func (f *file) float32s(v vector, x float32) operand.Mem { return f.fill32(v, math.Float32bits(x)) }
