// Package harkgen carries the source of its run-time library, which every output module gets a copy of.
package harkgen

import "embed"

// RT is the source tree of package rt and the packages below it.
//
//go:embed rt
var RT embed.FS

// GoMod and GoSum pin the versions of the modules that package rt needs.
//
//go:embed go.mod
var GoMod []byte

//go:embed go.sum
var GoSum []byte
