package dynamodb

import (
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

// This file tests numbers and expressions by themselves. What they mean is tested by the conformance test of package awsemu.

func TestNumbers(t *testing.T) {
	for _, test := range [][2]string{
		{"0", "0"}, {"-0.00", "0"}, {"+1", "1"}, {"00012", "12"}, {"1.50", "1.5"}, {".5", "0.5"}, {"5.", "5"}, {"1e3", "1000"}, {"1E+3", "1000"},
		{"12.5e-4", "0.00125"}, {"-1200", "-1200"}, {"0.0001", "0.0001"}, {"9.9e125", "99" + strings.Repeat("0", 124)}, {"1e-130", "0." + strings.Repeat("0", 129) + "1"},
		{strings.Repeat("9", 38), strings.Repeat("9", 38)}, {strings.Repeat("9", 38) + "000", strings.Repeat("9", 38) + "000"},
	} {
		n, err := parseNumber(test[0])
		if err != nil || n.String() != test[1] {
			t.Errorf("%s: %v, %v, want %s", test[0], n, err, test[1])
		}
	}
	for _, s := range []string{"", "-", ".", "e5", "1e", "1e5.5", "--1", "1-", "0x10", "1_000", " 1", "1 ", "NaN", "Inf", "1e126", "1e-131", "1e99999999999999999999", strings.Repeat("9", 39)} {
		if n, err := parseNumber(s); err == nil {
			t.Errorf("%q is taken as %v", s, n)
		}
	}
}

// TestArithmetic compares with exact fractions.
func TestArithmetic(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	draw := func() (number, *big.Rat) {
		s := strings.TrimLeft(big.NewInt(rnd.Int64N(1e9)-5e8).String()+"e"+big.NewInt(rnd.Int64N(16)-8).String(), "+")
		n, err := parseNumber(s)
		if err != nil {
			t.Fatal(s, err)
		}
		r, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatal(s)
		}
		return n, r
	}
	for range 2000 {
		a, x := draw()
		b, y := draw()
		sum, err := a.add(b)
		if err != nil {
			t.Fatal(err)
		}
		difference, err := a.add(b.neg())
		if err != nil {
			t.Fatal(err)
		}
		check := func(n number, want *big.Rat) {
			if got, ok := new(big.Rat).SetString(n.String()); !ok || got.Cmp(want) != 0 {
				t.Errorf("%v and %v: %v, want %v", a, b, n, want)
			}
		}
		check(sum, new(big.Rat).Add(x, y))
		check(difference, new(big.Rat).Sub(x, y))
		if a.cmp(b) != x.Cmp(y) {
			t.Errorf("%v cmp %v", a, b)
		}
	}
}

// sample is the item of the fuzz tests, and their values.
const sample = `{"s": {"S": "text"}, "n": {"N": "5"}, "m": {"M": {"x": {"N": "1"}}}, "l": {"L": [{"N": "1"}, {"S": "two"}]}, "ss": {"SS": ["p", "q"]},
	":s": {"S": "te"}, ":n": {"N": "2"}, ":l": {"L": []}, ":ss": {"SS": ["p"]}, ":t": {"S": "M"}}`

func sampleParams(f testing.TB) (Item, *params) {
	var all Item
	if err := json.Unmarshal([]byte(sample), &all); err != nil {
		f.Fatal(err)
	}
	p := &params{ExpressionAttributeNames: map[string]string{"#m": "m"}, ExpressionAttributeValues: map[string]Value{}}
	for name, v := range all {
		if name[0] == ':' {
			p.ExpressionAttributeValues[name] = v
			delete(all, name)
		}
	}
	return all, p
}

// FuzzCondition checks that a condition and its negation differ, and that a condition can be put in parentheses.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{
		"s = :s AND (n > :n OR NOT attribute_exists(l[0]))", "begins_with(s, :s)", "size(#m) <= :n", "n BETWEEN :n AND :n", "s IN (:s, :n)",
		"attribute_type(#m.x, :t)", "contains(ss, :s)", "((((s)) = (:s)))", "(size(s)) > :n", "s = :s and not n = :n or contains(l, :n)",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		it, p := sampleParams(t)
		n, err := parseCondition("ConditionExpression", &expr, p)
		if err != nil {
			return
		}
		negated, inside := "NOT ("+expr+")", "("+expr+")"
		if len(negated) > 4096 {
			return
		}
		no, err := parseCondition("ConditionExpression", &negated, p)
		if err != nil {
			if strings.Contains(err.Error(), "nested too deep") {
				return
			}
			t.Fatalf("%s: %v", negated, err)
		}
		same, err := parseCondition("ConditionExpression", &inside, p)
		if err != nil {
			t.Fatalf("%s: %v", inside, err)
		}
		if n.holds(it) == no.holds(it) || n.holds(it) != same.holds(it) {
			t.Errorf("%s: %v, negated %v, in parentheses %v", expr, n.holds(it), no.holds(it), same.holds(it))
		}
	})
}

// FuzzUpdate checks that an update leaves the old item as it was, and makes one that can be stored.
func FuzzUpdate(f *testing.F) {
	for _, s := range []string{
		"SET s = :s, n = n + :n REMOVE l[0] ADD q :n DELETE ss :ss", "SET l = list_append(if_not_exists(w, :l), l)", "SET #m.y = n - :n", "REMOVE #m.x, l[1], l[0]",
		"ADD ss :ss", "SET l[7] = #m", "set n = (n + :n)",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		it, p := sampleParams(t)
		as, err := parseUpdate(&expr, p)
		if err != nil {
			return
		}
		updated, err := update(it, as)
		if old, _ := sampleParams(t); !it.equal(old) {
			t.Fatalf("%s changed the old item", expr)
		}
		if err != nil {
			return
		}
		text, err := json.Marshal(updated)
		if err != nil {
			t.Fatal(err)
		}
		var again Item
		if err := json.Unmarshal(text, &again); err != nil || !again.equal(updated) {
			t.Errorf("%s: %s cannot be read back: %v", expr, text, err)
		}
	})
}
