package lambdahost

import (
	"context"
	"errors"
	"fmt"

	"github.com/harkgen/harkgen/rt/store"
)

// This file defines what is done about runs that another version of the function has started. A snapshot fits no other build, so they are its.

// fits reports whether the run was started by this build; under another number it is the same.
func (h *host) fits(run *store.Run) bool {
	_, theirs := splitBuild(run.Build)
	_, ours := splitBuild(h.build)
	return theirs == ours
}

// passOn passes a wake-up on to the version of the run. If that is gone the run fails.
func (h *host) passOn(ctx context.Context, run *store.Run, version int64, w wakeUp) (Result, error) {
	theirs, _ := splitBuild(run.Build)
	err := errGone
	if theirs != "" && theirs != h.version { // else it is $LATEST, which was replaced
		err = h.self.pass(ctx, theirs, own(request{Wake: &w}))
	}
	if errors.Is(err, errGone) {
		return h.fail(ctx, run, version, h.lost(run))
	}
	return result(run), err
}

// lost says that the version of a run is gone.
func (h *host) lost(run *store.Run) string {
	version, build := splitBuild(run.Build)
	_, ours := splitBuild(h.build)
	return fmt.Sprintf("it was started by version %s of the function (build %s), which does not exist any more, and this is version %s (build %s); a saved run fits no other build",
		version, build, h.version, ours)
}
