package a

//hark:entyr main // want `unknown directive //hark:entyr; there are //hark:go, //hark:entry and //hark:ok; write one of them \(error: directives\)`
func misspelt() {}

func f() {
	go f() //hark:go remot // want `//hark:go remot; the words that may follow are local and remote`
	go f() //hark:go local
	//hark:go remote
	go f() //hark:go local // want `//hark:go local; another comment says the opposite of the same go statement`

	//hark:go remote // want `//hark:go remote places nothing`

	f() //hark:ok pined // want `//hark:ok pined; it acknowledges what a check finds`
	f() //hark:ok pinned it is fine
}

//hark:entry sqs orders memory=64 // want `memory=64; it must be a whole number from 128 to 10240`
func small() {}

//hark:entry main // want `//hark:entry on the method m`
func (t) m() {}

type t struct{}

//hark:entry sqs orders // want `//hark:entry sqs on both, whose signature is not supported`
func both(a, b t) {}

//hark:entry sqs orders name=x
//hark:entry sqs others name=y // want `another name for the same entry point`
func named() {}
