// Package pointsto finds which memory each value of a program may lead to.
//
//	r, err := pointsto.Analyze(&pointsto.Config{...})
//	for _, o := range r.Pointer(v).PointsTo() { ... }     the objects that v may point to, or into
//	r.Pointer(v).MayAlias(r.Pointer(w))                    may the two meet?
//	r.Reachable(objects...)                                what can be reached from there
//	for _, w := range r.Writes { w.Addr.PointsTo() ... }   what changes memory
//
// These are inclusion constraints after Andersen over the SSA of the whole compiled program: insensitive to flow, one level of fields, and
// insensitive to context, but for the calls that initialisers of packages make, a few levels deep. An object is a package variable, an
// allocation, or what one call of code that is not compiled returns; package library describes that code. With Config.Flows
// the answers hold for all executions. What unsafe code and reflection reach by other ways than a value that they were given (an address as a number, a linkname) is
// not seen. The same holds for the race detector and for the collector.
//
// build.go and call.go make the constraints, solve.go solves them. Names follow golang.org/x/tools/go/pointer.
package pointsto
