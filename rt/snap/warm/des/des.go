// Package des makes crypto/des ready for ciphers that another process has made.
package des

import "crypto/des"

// Warm makes the table that ciphers take for made: the constructors do it.
func Warm() {
	if _, err := des.NewCipher(make([]byte, des.BlockSize)); err != nil {
		panic(err) // a key of the right length has no error
	}
}
