// Harkvet runs the checks of harkgen as a vet tool:
//
//	go vet -vettool=$(which harkvet) ./...
//
// The flags are those of go vet: -json, -fix, and -NAME for a check alone. See docs/vet.md.
package main

import (
	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/harkgen/harkgen/analyzer/suite"
)

func main() { unitchecker.Main(suite.Analyzers...) }
