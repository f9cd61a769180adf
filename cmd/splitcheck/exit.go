package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/splitcheck/splitcheck/reports"
)

// exitError ends the program with a code; err, if any, is what to say.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usage is bad usage or a bad scenario.
func usage(err error) error { return &exitError{code: reports.ExitUsage, err: err} }

func usagef(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }

// notMeasured is what stopped a measurement.
func notMeasured(err error) error { return &exitError{code: reports.ExitNotMeasured, err: err} }

// exitWith ends the program with code and says nothing: the report has.
func exitWith(code int) error {
	if code == reports.ExitVerified {
		return nil
	}
	return &exitError{code: code}
}

// exitCode is what a command's error means for the caller.
func exitCode(err error) int {
	var exit *exitError
	switch {
	case err == nil:
		return reports.ExitVerified
	case errors.As(err, &exit):
		return exit.code
	case errors.As(err, new(*fs.PathError)):
		// A stream or a file that could not be written: nobody's bad usage.
		return reports.ExitNotMeasured
	default:
		// Cobra's own complaints: an unknown command or flag, a wrong number
		// of arguments.
		return reports.ExitUsage
	}
}
