package a

func bad() {}

func f() {
	bad() // want `^a call of bad; do not \(warning: pinned\)$`
	bad() //hark:ok pinned it is not bad at all
	bad() // want `a call of bad`
	//hark:ok pinned
	bad()

	//hark:ok refuse
	bad() // want `a call of bad`

	//hark:ok pinned

	bad() // want `a call of bad`
}
