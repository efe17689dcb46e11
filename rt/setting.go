package rt

import "reflect"

// This file keeps settings: state of packages that are not compiled that can be read and set by functions of theirs, such as log.Flags and
// log.SetFlags. One that is as initialisation left it is not saved: each process is initialised so.

// A setting is one of them.
type setting struct {
	name string
	get  func() any
	set  func(any)
	base any // after initialisation
}

var settings []setting // in the order in which they are to be set

// RegisterSetting registers a setting. Only init functions call it.
func RegisterSetting[T any](name string, get func() T, set func(T)) {
	settings = append(settings, setting{name: name, get: func() any { return get() }, set: func(v any) { t, _ := v.(T); set(t) }})
}

// Ref returns a pointer to a variable that holds v, for RegisterExternal.
func Ref[T any](v T) *T { return &v }

// A savedSetting is a setting that the program has changed.
type savedSetting struct {
	Name  string
	Value any
}

// initialSettings notes what initialisation has set.
func initialSettings() {
	for i := range settings {
		settings[i].base = settings[i].get()
	}
}

// changedSettings returns those that are not as initialisation left them.
func changedSettings() []savedSetting {
	var out []savedSetting
	for _, s := range settings {
		if v := s.get(); !same(v, s.base) {
			out = append(out, savedSetting{s.name, v})
		}
	}
	return out
}

func same(a, b any) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return reflect.TypeOf(a) == reflect.TypeOf(b) && reflect.TypeOf(a).Comparable() && reflect.ValueOf(a).Comparable() && a == b
}

// restoreSettings sets what a snapshot holds, and all others to what initialisation had set.
func restoreSettings(saved []savedSetting) {
	for _, s := range settings {
		v := s.base
		for _, x := range saved {
			if x.Name == s.name {
				v = x.Value
			}
		}
		if !same(s.get(), v) {
			s.set(v)
		}
	}
}
