package reports

// A Source is where something stands in a file that a person can open: it is
// absent for what is built in.
type Source struct {
	// File is relative to the working directory where it is within it, with
	// forward slashes on every system.
	File string `json:"file" text:"own"`
	// Line counts from 1; it is absent where the file as a whole is meant.
	Line int `json:"line,omitempty"`
}
