// Package deptest holds the test of the import policy: which package of this
// module may import which. See deptest_test.go for the table.
package deptest
