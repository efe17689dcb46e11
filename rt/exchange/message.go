// Package exchange defines what the processes of a run share, and the messages by which they use it.
package exchange

import "strconv"

// A ProcessID numbers the processes of a run. Process 0 executes main; the exchange gives out the others.
type ProcessID uint32

// An ObjectID names a shared object for the whole run: the process that made it shared, and a number that this process gives out, from 1 on.
type ObjectID uint64

// NewObjectID names the nth object that p has made shared.
func NewObjectID(p ProcessID, n uint32) ObjectID { return ObjectID(p)<<32 | ObjectID(n) }

// String returns the name of the object for people, 2.1 for the first one that process 2 has made shared.
func (id ObjectID) String() string {
	return strconv.FormatUint(uint64(id>>32), 10) + "." + strconv.FormatUint(uint64(uint32(id)), 10)
}

// A GID numbers the goroutines of a process.
type GID uint32

// A Value is what goes from process to process. The exchange does not look into Data.
type Value struct {
	Data []byte
	Refs []ObjectID // shared objects that Data leads to
}

// A Batch is what a process wants of the exchange in one step.
type Batch struct {
	From     ProcessID
	Step     uint64 // from 1 on, without gaps
	Consumed uint64 // number of the last reply that the process has taken into its state

	Ops []Op // in program order, for each goroutine; those of one batch happen in this order

	Idle  bool  // nothing in the process can go on without a reply, or before Wake
	Wake  int64 // when it goes on by itself, UnixNano; 0 never
	Ended bool  // this is its last batch: all its goroutines have ended, or Exit is set
	Exit  *Exit // it ends the run
}

// Exit ends the run: main has returned, os.Exit was called, or a panic was not recovered.
type Exit struct {
	Status int
	Text   string    // for standard error
	Waits  []Waiting // of a deadlock: what the goroutines of all processes wait for in the exchange
}

// Waiting is a goroutine that waits in the exchange.
type Waiting struct {
	Process ProcessID
	G       GID
	Reason  string // as in Go's tracebacks: chan receive, select, sync.Mutex.Lock, ...
}

// An OpKind says what an Op does. The numbers are part of the format.
type OpKind uint8

const (
	// These have no reply.
	OpShare     OpKind = 1  // Object becomes shared, as Share describes
	OpStore     OpKind = 2  // region Object has the content Value, and no slots
	OpSpawn     OpKind = 3  // a new process begins with Value
	OpAdd       OpKind = 4  // WaitGroup: add N; below zero ends the run as Go's panic does
	OpUnlock    OpKind = 5  // Mutex or RWMutex; Mode as it was locked; of one that is not locked ends the run with Go's fatal error
	OpSignal    OpKind = 6  // Cond
	OpBroadcast OpKind = 7  // Cond
	OpOutput    OpKind = 8  // N is 1, 2 or 3; Value.Data goes to standard output or error, or is a response
	OpPatch     OpKind = 9  // slot Offset of region Object has the content Value; slots do not overlap
	OpForget    OpKind = 10 // the process holds no more reference to Object
	OpEnd       OpKind = 11 // context Object is cancelled for the reason Value, and all that is derived from it; if it is already, nothing happens

	// These are operations of goroutine G, which waits for the reply.
	OpSelect  OpKind = 16 // one of Cases, or the default clause; a send or receive is a select of one case
	OpClose   OpKind = 17 // channel
	OpLen     OpKind = 18 // channel
	OpWait    OpKind = 19 // WaitGroup
	OpLock    OpKind = 20 // Mutex or RWMutex, in Mode
	OpTryLock OpKind = 21 // the same
	OpCond    OpKind = 22 // Cond.Wait: unlocks Lock in Mode, waits for a signal, locks it again; Lock 0: only waits
	OpAtomic  OpKind = 23 // on slot Offset of region Object: Atomic with N and Old, on a word of Size bytes; or Value and OldValue, on one that a patch has made
	OpCancel  OpKind = 24 // gives up the operation of G that waits, unless a reply to it is on its way or it is a Cond.Wait
)

// An Op is one operation.
type Op struct {
	Kind   OpKind
	G      GID // who waits for the reply
	Object ObjectID
	Value  Value
	N, Old int64
	Mode   Mode
	Lock   ObjectID // of OpCond
	Offset uint32
	Bytes  bool // of OpPatch: Value.Data are the bytes at Offset of the region's content, and there are no Refs
	Atomic AtomicOp
	Size   uint8 // 4 or 8
	Share  *Share
	Text   string // of OpSpawn: where the process comes from, for people
	Class  string // of OpSpawn: what the process needs to be executed, for the host

	OldValue Value // of AtomicCompareAndSwapValue

	Cases   []Case
	Default bool
}

// A Mode is how a lock is locked.
type Mode uint8

const (
	Exclusive Mode = iota
	Reading
)

// A Case is a send or a receive.
type Case struct {
	Channel ObjectID // 0: nil, never ready
	Send    bool
	Value   Value // to be sent
}

// An AtomicOp is what package sync/atomic does to a word, which is a slot whose Data is 4 or 8 bytes, little endian, or to a pointer,
// which is a slot with any Value. The content of a region has the word if no slot has. The numbers are part of the format.
type AtomicOp uint8

const (
	AtomicLoad                AtomicOp = iota // the reply has N
	AtomicStore                               // N
	AtomicAdd                                 // N; the reply has the new word
	AtomicSwap                                // N; the reply has the old word, as those that follow
	AtomicCompareAndSwap                      // Old, N; the reply has OK
	AtomicAnd                                 // N
	AtomicOr                                  // N
	AtomicLoadValue                           // the reply has Value
	AtomicStoreValue                          // Value
	AtomicSwapValue                           // Value; the reply has the old one
	AtomicCompareAndSwapValue                 // OldValue, Value; the reply has OK; equal are those with the same bytes
)

// An ObjectKind says what an object is.
type ObjectKind uint8

const (
	KindChannel ObjectKind = iota + 1
	KindWaitGroup
	KindMutex
	KindRWMutex
	KindCond
	KindRegion
	KindContext
)

// A Share is the state of an object when it becomes shared.
type Share struct {
	Kind     ObjectKind
	Capacity int     // channel
	Buffer   []Value // channel
	Closed   bool    // channel; context: it is cancelled
	Count    int64   // WaitGroup: counter; Mutex, RWMutex: 1 locked for writing; RWMutex: -n locked by n readers
	Content  Value   // region; context: why it is cancelled

	Parent ObjectID // context: it is cancelled with that
}

// A ReplyKind says what has happened. The numbers are part of the format.
type ReplyKind uint8

const (
	ReplyStart     ReplyKind = 1 // the first reply to a process that has begun: Value and Text are those of its OpSpawn
	ReplyDone      ReplyKind = 2 // the operation of G is done: Case, Value, OK of a select (Case is -1 for default); N of OpLen, OpAtomic; OK of OpTryLock, compare-and-swap
	ReplyPanic     ReplyKind = 3 // the operation of G panics with Go's text: send on closed channel, close of closed channel, close of nil channel
	ReplyCancelled ReplyKind = 4 // the operation of G has been given up and has had no effect
	ReplyKill      ReplyKind = 5 // the run has ended: so does the process, without a batch
	ReplyNews      ReplyKind = 6 // Stores is all: contexts have been cancelled
)

// A Reply is what the exchange tells a process.
type Reply struct {
	To   ProcessID
	Seq  uint64 // from 1 on, without gaps, for each process
	Step uint64 // of the last batch of To that had been taken
	Kind ReplyKind

	G     GID
	Case  int
	Value Value
	OK    bool
	N     int64
	Text  string

	Stores []Stored // regions that the process knows, and that have changed since it was last told; contexts that have been cancelled
}

// Stored is the content of a region, or of one of its slots, or why a context has been cancelled. Those of a reply are taken in order.
type Stored struct {
	Object  ObjectID
	Patch   bool // only the slot at Offset; else the whole region
	Offset  uint32
	Version uint64 // of the region when it was written
	Value   Value
}
