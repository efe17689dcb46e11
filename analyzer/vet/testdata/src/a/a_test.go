package a

func g() { bad() }
