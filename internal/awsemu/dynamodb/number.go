package dynamodb

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines numbers: decimal, with up to 38 digits.

const (
	maxDigits = 38
	maxPower  = 125  // of the first digit
	minPower  = -130 // of the first digit
)

// A number is coef * 10^exp; coef has no trailing zeros, and exp is 0 for 0.
type number struct {
	coef *big.Int
	exp  int
}

func parseNumber(s string) (n number, err error) {
	bad := api.Invalid("The parameter cannot be converted to a numeric value: %s", s)
	mantissa, power := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa = s[:i]
		if power, err = strconv.Atoi(s[i+1:]); err != nil || power > 1000 || power < -1000 {
			return n, bad
		}
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole, "+-")
	if len(whole)-len(digits) > 1 || digits+frac == "" || len(s) > 300 || strings.Trim(digits+frac, "0123456789") != "" {
		return n, bad
	}
	coef, ok := new(big.Int).SetString(digits+frac, 10)
	if !ok {
		return n, bad
	}
	if strings.HasPrefix(whole, "-") {
		coef.Neg(coef)
	}
	return newNumber(coef, power-len(frac))
}

// newNumber normalizes, and checks the range.
func newNumber(coef *big.Int, exp int) (number, error) {
	if coef.Sign() == 0 {
		return number{coef, 0}, nil
	}
	digits := strings.TrimLeft(coef.String(), "-")
	kept := strings.TrimRight(digits, "0")
	if n := len(digits) - len(kept); n > 0 {
		coef = new(big.Int).Quo(coef, pow10(n))
		exp += n
	}
	switch first := exp + len(kept) - 1; {
	case len(kept) > maxDigits:
		return number{}, api.Invalid("Attempting to store more than 38 significant digits in a Number")
	case first > maxPower:
		return number{}, api.Invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
	case first < minPower:
		return number{}, api.Invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
	}
	return number{coef, exp}, nil
}

func pow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// align returns the coefficients of both numbers for the smaller of their exponents.
func align(a, b number) (x, y *big.Int, exp int) {
	exp = min(a.exp, b.exp)
	x = new(big.Int).Mul(a.coef, pow10(a.exp-exp))
	y = new(big.Int).Mul(b.coef, pow10(b.exp-exp))
	return x, y, exp
}

func (a number) cmp(b number) int {
	x, y, _ := align(a, b)
	return x.Cmp(y)
}

func (a number) add(b number) (number, error) {
	x, y, exp := align(a, b)
	return newNumber(x.Add(x, y), exp)
}

func (a number) neg() number { return number{new(big.Int).Neg(a.coef), a.exp} }

// String returns the number without an exponent, as the service does.
func (a number) String() string {
	digits := new(big.Int).Abs(a.coef).String()
	sign := ""
	if a.coef.Sign() < 0 {
		sign = "-"
	}
	if a.exp >= 0 {
		return sign + digits + strings.Repeat("0", a.exp)
	}
	if n := -a.exp - len(digits) + 1; n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	point := len(digits) + a.exp
	return sign + digits[:point] + "." + digits[point:]
}

// size is what the number takes up in an item: a byte for two digits, and one.
func (a number) size() int {
	return (len(new(big.Int).Abs(a.coef).String())+1)/2 + 1
}

func intNumber(n int) number {
	v, err := newNumber(big.NewInt(int64(n)), 0)
	if err != nil {
		panic(err) // 64 bits fit
	}
	return v
}
