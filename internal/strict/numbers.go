package strict

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Number reads a finite number between least and most.
func (r *Reader) Number(n *yaml.Node, path string, least, most float64) (float64, bool) {
	value, err := strconv.ParseFloat(n.Value, 64)
	if n.Kind != yaml.ScalarNode || err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
		r.Wrong(n, path, "a number", "")
		return 0, false
	}
	return value, r.within(n, path, value, least, most)
}

// Whole reads a whole number between least and most.
func (r *Reader) Whole(n *yaml.Node, path string, least, most int) (int, bool) {
	value, err := strconv.ParseFloat(n.Value, 64) // 1e6 is a good way to write a million.
	if n.Kind != yaml.ScalarNode || err != nil || value != math.Trunc(value) || math.IsInf(value, 0) {
		r.Wrong(n, path, "a whole number", "")
		return 0, false
	}
	if !r.within(n, path, value, float64(least), float64(most)) {
		return 0, false
	}
	return int(value), true
}

func (r *Reader) within(n *yaml.Node, path string, value, least, most float64) bool {
	if value >= least && value <= most {
		return true
	}
	r.At(n, fmt.Sprintf("%s: %s is out of bounds", path, n.Value), fmt.Sprintf("write a number from %s to %s", plain(least), plain(most)))
	return false
}

func plain(f float64) string {
	if f >= 1e6 {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// Share reads 0.05 or 5%. It is between 0 and 1, both included.
func (r *Reader) Share(n *yaml.Node, path string) (float64, bool) {
	digits, percent := strings.CutSuffix(strings.TrimSpace(n.Value), "%")
	value, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if n.Kind != yaml.ScalarNode || err != nil || math.IsNaN(value) {
		r.Wrong(n, path, "a share", "write it as 0.05 or 5%")
		return 0, false
	}
	if percent {
		value /= 100
	}
	if value < 0 || value > 1 {
		hint := "write a share from 0 to 1, or in percent"
		if !percent && value > 1 && value <= 100 {
			hint = fmt.Sprintf("is %s%% meant?", n.Value)
		}
		r.At(n, fmt.Sprintf("%s: %s is not a share", path, n.Value), hint)
		return 0, false
	}
	return value, true
}

// ProperShare is a share that is neither 0 nor at most or above most.
func (r *Reader) ProperShare(n *yaml.Node, path string, most float64) float64 {
	value, ok := r.Share(n, path)
	if ok && (value == 0 || value >= most) {
		r.At(n, fmt.Sprintf("%s: %s is not a useful value", path, n.Value), fmt.Sprintf("write a share above 0 and below %s", plain(most)))
		return 0
	}
	return value
}

// Duration reads a duration above 0 and of at most most.
func (r *Reader) Duration(n *yaml.Node, path string, most time.Duration) (time.Duration, bool) {
	value, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		r.Wrong(n, path, "a duration", "write it as 500ms, 10s or 2m")
		return 0, false
	}
	if value <= 0 || value > most {
		r.At(n, fmt.Sprintf("%s: %s is out of bounds", path, n.Value), fmt.Sprintf("write a duration above 0 and of at most %s", most))
		return 0, false
	}
	return value, true
}
