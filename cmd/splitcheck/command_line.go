package main

import (
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/splitcheck/splitcheck/reports"
)

// commandLine is what to type to get the same report again: the command, its
// flags in their long form, its arguments. Reports are shown around and kept by
// CI, so passwords, cookies and the like are not in it.
func commandLine(cmd *cobra.Command) []string {
	words := []string{"splitcheck", cmd.Name()}
	for _, arg := range cmd.Flags().Args() {
		words = append(words, withoutPassword(arg))
	}
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if slice, ok := flag.Value.(pflag.SliceValue); ok {
			for _, value := range slice.GetSlice() {
				words = append(words, "--"+flag.Name, withoutSecret(flag.Name, value))
			}
			return
		}
		if flag.Value.Type() == "bool" && flag.Value.String() == "true" {
			words = append(words, "--"+flag.Name)
			return
		}
		words = append(words, "--"+flag.Name+"="+withoutPassword(flag.Value.String()))
	})
	return words
}

// withoutPassword hides the password of a URL; everything else stays as it is.
func withoutPassword(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User == nil {
		return text
	}
	if _, set := u.User.Password(); !set {
		return text
	}
	u.User = url.UserPassword(u.User.Username(), reports.Hidden)
	return u.String()
}

// withoutSecret hides what a flag's value proves its sender by.
func withoutSecret(flag, value string) string {
	switch flag {
	case "header":
		if name, text, found := strings.Cut(value, ":"); found {
			return name + ": " + reports.HeaderValue(name, strings.TrimSpace(text))
		}
	case "cookie":
		name, _, _ := strings.Cut(value, "=")
		return name + "=" + reports.Hidden
	case "login":
		// Who logs in is part of the question, and the word that proves it is not.
		if name, _, _ := strings.Cut(value, "="); !slices.Contains([]string{"user", "username", "email"}, strings.ToLower(name)) {
			return name + "=" + reports.Hidden
		}
	}
	return value
}
