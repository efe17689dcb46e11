package rt

// This file holds the place of select over what processes share.

// Native is what Choose returns when no channel of the select is shared.
const Native = -2

// Choose is a select over channels some of which may be shared.
func (g *G) Choose(hasDefault bool, cases ...Wait) int { panic("not yet") }

// SendingValue is the case that sends v on ch.
func SendingValue[T any](ch chan<- T, v T) Wait { panic("not yet") }

// Chosen is what the chosen case has received.
func Chosen[T any](g *G) (v T, ok bool) { panic("not yet") }
