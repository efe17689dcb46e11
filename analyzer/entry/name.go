package entry

import (
	"strings"
	"unicode"
)

// Kebab spells an identifier in small letters, with dashes between its words: CreateOrder is create-order, onS3Event on-s3-event, HTTPHook http-hook.
func Kebab(name string) string {
	var b strings.Builder
	rs := []rune(name)
	for i, r := range rs {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			if b.Len() > 0 && i+1 < len(rs) && !strings.HasSuffix(b.String(), "-") {
				b.WriteByte('-')
			}
			continue
		}
		if i > 0 && unicode.IsUpper(r) && b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			before := !unicode.IsUpper(rs[i-1])
			after := i+1 < len(rs) && unicode.IsLower(rs[i+1])
			if before || after {
				b.WriteByte('-')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
