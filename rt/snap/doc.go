// Package snap saves and restores the memory of a Go program: everything reachable from one root and from the
// registered package variables, as real Go values of their real types.
//
// # Saving
//
// Saving works on memory, not on values, in three phases. Prepare does the first two, WriteTo the third.
//
//  1. Discover (scan.go). A work list of regions starts with the root and the registered variables. A region is
//     (address, element type, count): a pointer *T makes (p, T, 1), a slice makes (data, T, cap), a string makes
//     (data, uint8, len), the box behind an interface makes (data, T, 1). Array types are flattened, so that a
//     pointer to [4]T and a slice of four T make the same region. Maps, channels and closures are regions of their own kinds.
//  2. Merge (region.go, merge.go). The regions of one heap object are kept disjoint while they are found: a region
//     inside another becomes a place in it, overlapping slices become one array. What is left are the containers.
//  3. Encode (encode.go). The containers are written one by one, in the order in which references lead to them: plain bytes as
//     they are, each reference as (container, offset). The format is in format.go. A container is named by a label, which it keeps from save to save (labels.go).
//
// Load (decode.go) goes the same way: a container is allocated with its real type at the first reference to it, and filled when its body comes.
//
// Both sides are streams. WriteTo needs no memory but a chunk; Load the memory it makes, and a chunk. Large memory without references is
// written from where it is, and read to where it will be. Besides, an object costs the scan 40 bytes and 4 to 16 for finding it, kept from Prepare until
// the Snapshot is dropped, and WriteTo 4 more while its body is to come; it costs Load 32 bytes, and 8 to 24 more when labels are no numbers. From save
// to save, 4 to 16 bytes for its label are kept, some 50 if it is neither at the beginning of its heap object nor 8 bytes into it. A map being written costs 24 bytes for each of
// its entries, and the text of its keys if they are neither numbers nor strings.
//
// # Invariants
//
//  1. The live regions of one object are disjoint. find (encode) and holds (merge) rely on it.
//  2. An address belongs to the heap object that runtime.findObject names, or to the image (image.go), or it is unmovable.
//     Objects do not move and are kept alive by the root, so an address identifies an object from Prepare to WriteTo, and the tables of a
//     scan hold addresses as numbers: the collector does not look at them.
//  3. Every reference points into a container that holds, at that offset, the type the reference promises. Merging
//     establishes this at Prepare; Load checks it again for every reference (prog.holds), so that hostile bytes
//     can neither make a pointer of a wrong type nor one out of bounds.
//  4. Encoder and decoder give the same labels to the same containers, no two of a snapshot the same, keep the same stack of bodies that are to come, and the same memory
//     of what each field referred to last (op.last).
//  5. Load hashes a map key only when all that the hash reads is there: the key itself, the content of strings, the boxes behind
//     interfaces. Strings have no references and are filled where they are defined; entries with interfaces in their keys wait until the end (late.go).
//     Interface boxes and strings in the image are saved by content: Load never reads through a pointer into the image.
//  6. Nothing of the caller's is written before the whole snapshot has been decoded: what is restored in place (root, variables)
//     is decoded into a copy first.
//  7. Load allocates at most expand bytes for each byte of input, as told by the caller; the encoder pads what would be smaller (channel
//     buffers, zeroed native parts).
//  8. Nothing is used before the checksum of its chunk is right, and nothing is committed before the order of the chunks is.
//  9. The bytes depend on the state and the labels alone, not on addresses, on insertion orders of maps or on the process (order.go says how far that goes).
//     Labels change nothing but the numbers in references. The first save of a process that has loaded nothing has those of the order of writing; Load and Save
//     give the same bytes again.
//
// # Other builds
//
// A snapshot belongs to one build, and a snapshot of another is refused. So that the error can name the difference, and tools can say what is in a
// snapshot, each carries a type table (typetable.go): names and types of the variables, structure of the types it mentions. That is some 50 bytes for each
// type in use, made once for each set of types. It is in every snapshot, so that each can be read alone; it is the same from save to save, and in
// chunks of its own, so a store that keeps equal pieces once keeps it once. The types of harkgen's runtime are in it as hashes only.
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
// It does not keep that strings of up to 16 bytes share memory with one another: they are written where they are, so each gets a copy, no longer than
// its header. Nothing but package unsafe can tell. With what is not a string they share it still (strings.go).
//
// It does not save memory that only unsafe code can reach (unsafe.Pointer, uintptr), finalizers and cleanups. Of a heap object
// it saves what pointers and slices lead to, not what lies around it. Slices without capacity keep no address.
// docs/values.md lists what becomes of each kind of value.
//
// Values that belong to this operating system process are refused with an [UnmovableError] that names the way from
// the root.
package snap
