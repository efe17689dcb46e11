package spans

import "testing"

func TestOrigin(t *testing.T) {
	for text, want := range map[string]Origin{
		"created by main.main in process 3, goroutine 12\n\tsub/main.go:17":  {3, "main.main", "sub/main.go", 17},
		"created by main.main.func1 in package initialisation\n\tmain.go:4":  {0, "main.main.func1", "main.go", 4},
		"created by a in process 1, goroutine 2 in process 7, goroutine 1\n": {7, "a in process 1, goroutine 2", "", 0},
		"": {},
	} {
		if got := ParseOrigin(text); got != want {
			t.Errorf("%q is %+v, want %+v", text, got, want)
		}
	}
	if got := (Origin{3, "main.main", "sub/main.go", 17}).Name(); got != "go main.main main.go:17" {
		t.Error(got)
	}
}

// TestIDs: no two spans of runs have the same id.
func TestIDs(t *testing.T) {
	seen := map[ID]bool{}
	for _, run := range []string{"a", "b", "a\x00"} {
		ids := []ID{Invocation(run, "q"), Invocation(run, "")}
		for p := range uint32(10) {
			ids = append(ids, Process(run, p))
			for s := range uint64(10) {
				ids = append(ids, Step(run, p, s))
			}
		}
		for _, id := range ids {
			if seen[id] || id == (ID{}) {
				t.Errorf("%x is there twice", id)
			}
			seen[id] = true
		}
	}
	if TraceID("a") == TraceID("b") {
		t.Error("ids of traces")
	}
}
