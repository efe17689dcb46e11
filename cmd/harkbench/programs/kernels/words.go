package main

const (
	wordsText   = 100_000
	wordsRounds = 30
	wordCount   = wordsText * wordsRounds
)

// A text is words of small letters with a space after each.
func text(words int) string {
	var b []byte
	seed := uint32(1)
	for range words {
		seed = seed*1664525 + 1013904223
		for n := seed >> 19; ; n /= 26 {
			b = append(b, byte('a'+n%26))
			if n < 26 {
				break
			}
		}
		b = append(b, ' ')
	}
	return string(b)
}

func words() int {
	s, different := text(wordsText), 0
	for range wordsRounds {
		counts := map[string]int{}
		start := 0
		for i := range len(s) {
			if s[i] == ' ' {
				counts[s[start:i]]++
				start = i + 1
			}
		}
		different = len(counts)
	}
	return different
}

func wordsTicking(ticks <-chan int) int {
	s, different, n := text(wordsText), 0, 0
	for range wordsRounds {
		counts := map[string]int{}
		start := 0
		for i := range len(s) {
			if s[i] == ' ' {
				counts[s[start:i]]++
				start = i + 1
				if n++; n%1000 == 0 {
					<-ticks
				}
			}
		}
		different = len(counts)
	}
	return different
}
