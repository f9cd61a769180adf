package identify

import (
	"encoding/json"
	"errors"
	"fmt"
)

// MarshalJSON writes the rules down as the list of their forms, so that they can
// be sent elsewhere. The rules of this package can be written down, and no others.
func (rs Rules) MarshalJSON() ([]byte, error) {
	forms := make([]Form, len(rs))
	for i, r := range rs {
		ours, ok := r.(interface{ written() Form })
		if !ok {
			return nil, fmt.Errorf("the rule %s cannot be written down", r)
		}
		forms[i] = ours.written()
	}
	return json.Marshal(forms)
}

// UnmarshalJSON reads what MarshalJSON wrote. The error names every mistake.
func (rs *Rules) UnmarshalJSON(data []byte) error {
	var forms []Form
	if err := json.Unmarshal(data, &forms); err != nil {
		return err
	}
	var (
		read     Rules
		mistakes []error
	)
	for _, form := range forms {
		rule, err := form.Rule()
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("identify %s: %w", form, err))
			continue
		}
		read = append(read, rule)
	}
	*rs = read
	return errors.Join(mistakes...)
}

func (r *bodyRule) written() Form   { return r.form }
func (r *headerRule) written() Form { return r.form }
func (r *jsonRule) written() Form   { return r.form }
func (r *statusRule) written() Form { return r.form }
