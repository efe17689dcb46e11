package snap

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"unsafe"
)

func data(s string) uintptr { return uintptr(unsafe.Pointer(unsafe.StringData(s))) }

// reflectEnv returns what a counter closure counts with.
func reflectEnv(f func() int) *int {
	return (*counterEnv)((**(**closureObject)(unsafe.Pointer(&f))).env).n
}

// resetGlobals undoes what buildWorld does to the package variables.
func resetGlobals() {
	globalInt, globalString, globalMap = 0, "", nil
	*globalConfig = config{N: 1, Tags: globalConfig.Tags}
	globalConfig.Tags[1] = "b"
	globalTable[2] = 3
	globalArray = [5]node{}
	otherState.N = 100
	externalState.N = 7
}

func save(t testing.TB, root any) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Save(&b, root); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func load[T any](t testing.TB, b []byte) *T {
	t.Helper()
	root := new(T)
	if err := Load(bytes.NewReader(b), int64(len(b)), root); err != nil {
		t.Fatal(err)
	}
	return root
}

// TestManyNothings: a slice of elements without size may be of any length.
func TestManyNothings(t *testing.T) {
	type nothings struct{ All, Some []struct{} }
	all := make([]struct{}, math.MaxInt)
	r := load[nothings](t, save(t, &nothings{all, all[:3]}))
	if len(r.All) != math.MaxInt || len(r.Some) != 3 || cap(r.Some) != math.MaxInt {
		t.Errorf("%d, %d of %d", len(r.All), len(r.Some), cap(r.Some))
	}
}

func TestWorldInProcess(t *testing.T) {
	w := buildWorld()
	w.check(t)
	b := save(t, w)
	t.Logf("%d bytes", len(b))
	resetGlobals()
	r := load[world](t, b)
	churn()
	r.check(t)
	if externalState.N != 7 {
		t.Error("content of an external variable was restored")
	}
	// Again, from what has been restored.
	r = load[world](t, save(t, r))
	churn()
	r.check(t)
}

const phaseEnv, fileEnv = "SNAP_TEST_PHASE", "SNAP_TEST_FILE"

// TestPhase is one process of TestWorldOtherProcess.
func TestPhase(t *testing.T) {
	file := os.Getenv(fileEnv)
	switch os.Getenv(phaseEnv) {
	case "save":
		if err := os.WriteFile(file, save(t, buildWorld()), 0o644); err != nil {
			t.Fatal(err)
		}
	case "load":
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		w := load[world](t, b)
		churn()
		w.check(t)
		if externalState.N != 7 {
			t.Error("content of an external variable was restored")
		}
		churn()
	default:
		t.Skip("started by TestWorldOtherProcess")
	}
}

func TestWorldOtherProcess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "snapshot")
	for _, phase := range []string{"save", "load"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestPhase$", "-test.count=1")
		cmd.Env = append(os.Environ(), phaseEnv+"="+phase, fileEnv+"="+file, "GOGC=20")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", phase, err, out)
		}
	}
}
