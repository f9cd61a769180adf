package reports

import (
	"encoding/json"
	"math"
)

// A Number is a float64 that may be absent. JSON knows neither NaN nor
// infinity, and an absent number must not read as 0: a p-value of 0 is a
// finding, a missing one is not. The zero value is absent; it is written as
// null.
type Number struct {
	value float64
	known bool
}

// Num returns x as a Number, which is absent if x is NaN or infinite.
func Num(x float64) Number {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return Number{}
	}
	return Number{value: x, known: true}
}

// Get returns the number and whether there is one.
func (n Number) Get() (float64, bool) { return n.value, n.known }

// Or returns the number, or instead if it is absent.
func (n Number) Or(instead float64) float64 {
	if n.known {
		return n.value
	}
	return instead
}

// IsZero reports whether the number is absent, so that "omitzero" leaves it out.
func (n Number) IsZero() bool { return !n.known }

// MarshalJSON implements json.Marshaler.
func (n Number) MarshalJSON() ([]byte, error) {
	if !n.known {
		return []byte("null"), nil
	}
	return json.Marshal(n.value)
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *Number) UnmarshalJSON(data []byte) error {
	*n = Number{}
	if string(data) == "null" {
		return nil
	}
	if err := json.Unmarshal(data, &n.value); err != nil {
		return err
	}
	n.known = true
	return nil
}
