package problems

import (
	"fmt"
	"strings"
)

// Nearest returns the known word that the user most likely meant when they
// mistyped word, or "" if none is close. If several are equally close, the
// first wins.
func Nearest(word string, known []string) string {
	const longest = 64 // nobody mistypes a longer word into a known one
	if word == "" || len(word) > longest {
		return ""
	}
	best, distance := "", 1+max(1, len(word)/3)
	for _, each := range known {
		if len(each) > longest {
			continue
		}
		if d := edits(word, each); d < distance {
			best, distance = each, d
		}
	}
	return best
}

// DidYouMean renders Nearest as a hint, or "".
func DidYouMean(word string, known []string) string {
	nearest := Nearest(word, known)
	if nearest == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", nearest)
}

// edits counts the insertions, deletions, changes and swaps of neighbours
// between a and b, ignoring case (the optimal string alignment distance).
func edits(a, b string) int {
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	var before []int
	previous := make([]int, len(y)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range x {
		current := make([]int, len(y)+1)
		current[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			current[j+1] = min(current[j]+1, previous[j+1]+1, previous[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				current[j+1] = min(current[j+1], before[j-1]+1)
			}
		}
		before, previous = previous, current
	}
	return previous[len(y)]
}
