package analysis

import (
	"fmt"
	"math"
)

// conclude adds to a cause how well it fits; place is its place among those
// that are named together.
func (c *Cause) conclude(place int) {
	if place > 0 {
		switch factor := math.Exp(c.Behind); {
		case factor < 1.5:
			c.Words = "or, as likely, " + c.Words
		default:
			c.Words = fmt.Sprintf("or, %.2g times less likely, %s", factor, c.Words)
		}
	}
	c.Words += "; " + c.better()
}

// better says how much better a cause fits than the weights.
func (c *Cause) better() string {
	fitted := ""
	if c.Parameters > 0 {
		fitted = " at its best fit"
	}
	switch {
	case math.IsInf(c.LogFactor, 1):
		return "by the weights asked for the sample is impossible"
	case c.LogFactor < 1:
		return "it fits no better than the weights asked for"
	case c.LogFactor < math.Log(1000):
		return fmt.Sprintf("it makes the sample %.2g times as likely as the weights asked for do%s", math.Exp(c.LogFactor), fitted)
	}
	return fmt.Sprintf("it makes the sample 10^%.0f times as likely as the weights asked for do%s",
		math.Floor(c.LogFactor/math.Ln10), fitted)
}

// String is the words of a cause and what to look at next.
func (c Cause) String() string {
	if c.Next == "" {
		return c.Words
	}
	return c.Words + ". Next: " + c.Next
}
