package lambda

import "fmt"

// An Error is one of the service's, not of a function.
type Error struct {
	Status int    // of HTTP
	Code   string // like "ResourceNotFoundException"
	Msg    string
	Reason string // of a throttle
}

func (e *Error) Error() string { return e.Code + ": " + e.Msg }

// Throttled reports whether the invocation was refused since too many are running.
func (e *Error) Throttled() bool { return e.Code == "TooManyRequestsException" }

var errClosed = &Error{Status: 500, Code: "ServiceException", Msg: "the local cloud is being stopped"}

func notFound(arn string) *Error {
	return &Error{Status: 404, Code: "ResourceNotFoundException", Msg: "Function not found: " + arn}
}

func throttled(reason string) *Error {
	return &Error{Status: 429, Code: "TooManyRequestsException", Msg: "Rate Exceeded.", Reason: reason}
}

func invalid(format string, args ...any) *Error {
	return &Error{Status: 400, Code: "InvalidParameterValueException", Msg: fmt.Sprintf(format, args...)}
}

func tooLarge(limit int) *Error {
	return &Error{Status: 413, Code: "RequestTooLargeException", Msg: fmt.Sprintf("Request must be smaller than %d bytes for the InvokeFunction operation", limit)}
}
