package main

const (
	treeDepth  = 15
	treeRounds = 40
	treesTicks = treeRounds * 2 << (treeDepth - 10) // subtrees of depth 10, built and counted
)

type tree struct{ left, right *tree }

func trees() int {
	nodes := 0
	for range treeRounds {
		nodes += countNodes(grow(treeDepth))
	}
	return nodes
}

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{grow(depth - 1), grow(depth - 1)}
}

func countNodes(t *tree) int {
	if t.left == nil {
		return 1
	}
	return 1 + countNodes(t.left) + countNodes(t.right)
}

func treesTicking(ticks <-chan int) int {
	nodes := 0
	for range treeRounds {
		nodes += countTicking(growTicking(treeDepth, ticks), treeDepth, ticks)
	}
	return nodes
}

func growTicking(depth int, ticks <-chan int) *tree {
	if depth == 0 {
		return &tree{}
	}
	if depth == 10 {
		<-ticks
	}
	return &tree{growTicking(depth-1, ticks), growTicking(depth-1, ticks)}
}

func countTicking(t *tree, depth int, ticks <-chan int) int {
	if t.left == nil {
		return 1
	}
	if depth == 10 {
		<-ticks
	}
	return 1 + countTicking(t.left, depth-1, ticks) + countTicking(t.right, depth-1, ticks)
}
