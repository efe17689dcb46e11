package load

// This file has the text of package context as it is compiled along: what differs from the original.
//
// Code that is not compiled asks a context for its cause by a key of the original package. It is answered with a context of its own that has been cancelled for the same cause.
//
// A context may have come from another process, or be known to one (rt/context.go). The functions hark_register, hark_made, hark_cancelled and hark_end are those of rt
// (transform/lower/library.go); where a program has one process, hark_end reports false. What a field's tag hark_share means is in rt/snap/linkcontext.go.
//
//	cancelCtx, timerCtx                    tags; hark_self is the context around; hark_cause is the cause of a deadline
//	Done, cancel                           tell rt
//	WithCancel..., WithDeadlineCause       their functions, and the timer, cancel by hark_cancel, which may wait in a program of several processes
//	propagateCancel                        so does its goroutine; sets hark_self
//	AfterFunc                              tells rt what is pending
const contextText = `
type cancelCtx struct {
	Context

	mu        sync.Mutex            ` + "`hark_share:\"context\"`" + `
	done      atomic.Value          ` + ownTag + `
	children  map[canceler]struct{} ` + ownTag + `
	err       atomic.Value          ` + ownTag + `
	cause     error                 ` + ownTag + `
	hark_self canceler              ` + ownTag + `
}

type timerCtx struct {
	cancelCtx
	timer *time.Timer ` + ownTag + `

	deadline   time.Time
	hark_cause error
}

func hark_register(lock, parent func(any) *sync.Mutex, done func(any) <-chan struct{}, why func(any) (error, error), told func(any, error, error), attach func(any)) {
}

func hark_made(ctx any, ch <-chan struct{}) {}

func hark_pending(ctx any, pending bool) {}

func hark_timer(d time.Duration, f func()) *time.Timer { return time.AfterFunc(d, f) }

func hark_cancelled(mu *sync.Mutex, ch <-chan struct{}, err, cause error) {}

func hark_end(mu *sync.Mutex, err, cause error) bool { return false }

func hark_cancel(c *cancelCtx, outer canceler, removeFromParent bool, err, cause error) {
	if c.err.Load() == nil && hark_end(&c.mu, err, cause) {
		hark_await(c)
		return
	}
	outer.cancel(removeFromParent, err, cause)
}

func hark_await(c *cancelCtx) { <-c.Done() }

func hark_of(ctx any) *cancelCtx {
	switch c := ctx.(type) {
	case *cancelCtx:
		c.hark_self = c
		return c
	case *timerCtx:
		c.hark_self = c
		return &c.cancelCtx
	}
	panic("context: internal error: a context of an unknown type is shared")
}

func hark_lock(ctx any) *sync.Mutex { return &hark_of(ctx).mu }

func hark_parent(ctx any) *sync.Mutex {
	if p, ok := parentCancelCtx(hark_of(ctx).Context); ok {
		return &p.mu
	}
	return nil
}

func hark_done(ctx any) <-chan struct{} { return hark_of(ctx).Done() }

func hark_why(ctx any) (err, cause error) {
	c := hark_of(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err, ok := c.err.Load().(error); ok {
		return err, c.cause
	}
	return nil, nil
}

func hark_told(ctx any, err, cause error) {
	c := hark_of(ctx)
	_, custom := c.Context.(stopCtx)
	c.hark_self.cancel(!custom, err, cause)
}

func hark_attach(ctx any) {
	c := hark_of(ctx)
	if p, ok := parentCancelCtx(c.Context); ok {
		p.mu.Lock()
		if err := p.err.Load(); err != nil {
			c.hark_self.cancel(false, err.(error), p.cause)
		} else {
			if p.children == nil {
				p.children = make(map[canceler]struct{})
			}
			p.children[c.hark_self] = struct{}{}
		}
		p.mu.Unlock()
	}
	if t, ok := ctx.(*timerCtx); ok {
		t.hark_start(time.Until(t.deadline))
	}
}

func (c *timerCtx) hark_start(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err.Load() == nil {
		c.timer = hark_timer(d, func() {
			hark_cancel(&c.cancelCtx, c, true, DeadlineExceeded, c.hark_cause)
		})
	}
}

func WithCancel(parent Context) (ctx Context, cancel CancelFunc) {
	c := withCancel(parent)
	return c, func() { hark_cancel(c, c, true, Canceled, nil) }
}

func WithCancelCause(parent Context) (ctx Context, cancel CancelCauseFunc) {
	c := withCancel(parent)
	return c, func(cause error) { hark_cancel(c, c, true, Canceled, cause) }
}

func WithDeadlineCause(parent Context, d time.Time, cause error) (Context, CancelFunc) {
	if parent == nil {
		panic("cannot create context from nil parent")
	}
	if cur, ok := parent.Deadline(); ok && cur.Before(d) {
		return WithCancel(parent)
	}
	c := &timerCtx{
		deadline:   d,
		hark_cause: cause,
	}
	c.cancelCtx.propagateCancel(parent, c)
	dur := time.Until(d)
	if dur <= 0 {
		c.cancel(true, DeadlineExceeded, cause)
		return c, func() { c.cancel(false, Canceled, nil) }
	}
	c.hark_start(dur)
	return c, func() { hark_cancel(&c.cancelCtx, c, true, Canceled, nil) }
}

func AfterFunc(ctx Context, f func()) (stop func() bool) {
	a := &afterFuncCtx{
		f: f,
	}
	if ctx.Done() != nil {
		hark_pending(a, true)
	}
	a.cancelCtx.propagateCancel(ctx, a)
	return func() bool {
		stopped := false
		a.once.Do(func() {
			stopped = true
			hark_pending(a, false)
		})
		if stopped {
			a.cancel(true, Canceled, nil)
		}
		return stopped
	}
}

func (a *afterFuncCtx) cancel(removeFromParent bool, err, cause error) {
	a.cancelCtx.cancel(false, err, cause)
	if removeFromParent {
		removeChild(a.Context, a)
	}
	a.once.Do(func() {
		go a.f()
		hark_pending(a, false)
	})
}

func (c *cancelCtx) Done() <-chan struct{} {
	d := c.done.Load()
	if d != nil {
		return d.(chan struct{})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	d = c.done.Load()
	if d == nil {
		ch := make(chan struct{})
		c.done.Store(ch)
		hark_made(c.hark_self, ch)
		return ch
	}
	return d.(chan struct{})
}

func (c *cancelCtx) propagateCancel(parent Context, child canceler) {
	c.Context = parent
	c.hark_self = child

	done := parent.Done()
	if done == nil {
		return
	}

	select {
	case <-done:
		child.cancel(false, parent.Err(), Cause(parent))
		return
	default:
	}

	if p, ok := parentCancelCtx(parent); ok {
		p.mu.Lock()
		if err := p.err.Load(); err != nil {
			child.cancel(false, err.(error), p.cause)
		} else {
			if p.children == nil {
				p.children = make(map[canceler]struct{})
			}
			p.children[child] = struct{}{}
		}
		p.mu.Unlock()
		return
	}

	if a, ok := parent.(afterFuncer); ok {
		c.mu.Lock()
		stop := a.AfterFunc(func() {
			hark_cancel(c, child, false, parent.Err(), Cause(parent))
		})
		c.Context = stopCtx{
			Context: parent,
			stop:    stop,
		}
		c.mu.Unlock()
		return
	}

	goroutines.Add(1)
	go func() {
		select {
		case <-parent.Done():
			hark_cancel(c, child, false, parent.Err(), Cause(parent))
		case <-child.Done():
		}
	}()
}

func (c *cancelCtx) cancel(removeFromParent bool, err, cause error) {
	if err == nil {
		panic("context: internal error: missing cancel error")
	}
	if cause == nil {
		cause = err
	}
	c.mu.Lock()
	if c.err.Load() != nil {
		c.mu.Unlock()
		return
	}
	c.err.Store(err)
	c.cause = cause
	d, _ := c.done.Load().(chan struct{})
	if d == nil {
		c.done.Store(closedchan)
	} else {
		close(d)
	}
	hark_cancelled(&c.mu, d, err, cause)
	for child := range c.children {
		child.cancel(false, err, cause)
	}
	c.children = nil
	c.mu.Unlock()

	if removeFromParent {
		removeChild(c.Context, c)
	}
}

var hark_key = hark_askKey()

func hark_askKey() any {
	hark_register(hark_lock, hark_parent, hark_done, hark_why, hark_told, hark_attach)
	var p hark_probe
	_ = hark_original_Cause(&p)
	return p.key
}

// hark_probe finds the key out.
type hark_probe struct {
	emptyCtx
	key any
}

func (*hark_probe) Err() error { return Canceled }

func (p *hark_probe) Value(key any) any {
	p.key = key
	return nil
}

func (c *cancelCtx) Value(key any) any {
	switch key {
	case &cancelCtxKey:
		return c
	case hark_key:
		return hark_answer(c)
	}
	return value(c.Context, key)
}

func hark_answer(c *cancelCtx) any {
	if c.Err() == nil {
		return nil
	}
	theirs, cancel := hark_original_WithCancelCause(hark_original_Background())
	cancel(Cause(c))
	return theirs.Value(hark_key)
}

func Cause(c Context) error {
	err := c.Err()
	if err == nil {
		return nil
	}
	cc, ok := c.Value(&cancelCtxKey).(*cancelCtx)
	if !ok || cc.Done() != c.Done() {
		return hark_original_Cause(c)
	}
	cc.mu.Lock()
	cause := cc.cause
	cc.mu.Unlock()
	if cause != nil {
		return cause
	}
	return err
}

func hark_original_Background() Context { return Background() }

func hark_original_Cause(c Context) error { return Cause(c) }

func hark_original_WithCancelCause(parent Context) (Context, CancelCauseFunc) {
	return WithCancelCause(parent)
}
`

const ownTag = "`hark_share:\"own\"`"
