// Package snap saves and restores the memory of a Go program: everything reachable from one root and from the
// registered package variables, as real Go values of their real types.
//
// # Saving
//
// Save works on memory, not on values, in three phases.
//
//  1. Discover (scan.go). A work list of regions starts with the root and the registered variables. A region is
//     (address, element type, count): a pointer *T makes (p, T, 1), a slice makes (data, T, cap), a string makes
//     (data, uint8, len), the box behind an interface makes (data, T, 1). Array types are flattened, so that a
//     pointer to [4]T and a slice of four T make the same region. Maps, channels and closures are regions of their own kinds.
//  2. Merge (space.go, merge.go). The regions of one heap object are kept disjoint while they are found: a region
//     inside another becomes a place in it, overlapping slices become one array. What is left are the containers.
//  3. Encode (encode.go). Containers are numbered, listed with their types, and then written one by one: plain bytes as
//     they are, each reference as (container, offset).
//
// Load (decode.go) goes the same way back: allocate every container with its real type, fill them, and at the end insert
// the entries of maps and the elements of channels.
//
// # Invariants
//
//  1. The live regions of one object are disjoint. lookup (encode) and holds (merge) rely on it.
//  2. An address belongs to the heap object that runtime.findObject names, or to the image (image.go), or it is unmovable.
//     Objects do not move and are kept alive by the root, so an address identifies an object during the whole Save.
//  3. Every reference points into a container that holds, at that offset, the type the reference promises. Merging
//     establishes this at Save; Load checks it again for every reference (prog.holds), so that hostile bytes
//     can neither make a pointer of a wrong type nor one out of bounds.
//  4. The walk order of encode and decode is the same: containers by number, then maps, channels and sync.Maps in
//     the order in which they were met.
//  5. Load hashes a map key only after every container is filled, because a hash reads what the key points to. Interface boxes and
//     strings in the image are therefore saved by content: Load never reads through a pointer into the image.
//  6. Nothing of the caller's is written before the whole snapshot has been decoded: what is restored in place (root, variables)
//     is decoded into a copy first.
//  7. Load allocates at most expand bytes for each byte of input; the encoder pads what would be smaller (channel
//     buffers, zeroed native parts).
//
// # The image
//
// Types, functions and static data are written as offsets from the image's type section. That is valid for one
// build only, so the header holds the build identity. Each such offset is followed by a guard, a hash over offset, meaning
// and build: bytes damaged by accident (or by the fuzzer, which can repair the checksum) cannot make up an
// offset. The guard is no signature: whoever can write snapshots on purpose can run code in the program.
//
// Static memory that can be written and is reached by a pointer is saved and restored in place: for
//
//	var cfg = &Config{N: 1}
//
// the compiler lays out Config in the data section, and cfg.N = 2 is a change of the program's state like any other.
// Variables of packages that are not compiled are kept out by RegisterExternal.
//
// # What it does not do
//
// It does not stop the program: the caller must have made the heap quiet. It runs on 64-bit systems only.
//
// It does not save memory that only unsafe code can reach (unsafe.Pointer, uintptr), finalizers, cleanups and weak
// pointers. Of a heap object it saves what pointers and slices lead to, not what lies around it. Slices without
// capacity keep no address. Times lose their monotonic clock reading, which counts from the start of the process.
//
// Values that belong to this operating system process are refused with an [UnmovableError] that names the way from
// the root.
package snap
