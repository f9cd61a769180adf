package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/reports/words"
)

// languageFlag says in which language a person is spoken to.
type languageFlag struct{ language string }

func (f *languageFlag) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.language, "lang", "", "`LANGUAGE` of the text ("+strings.Join(languages(), ", ")+"); without it that of LC_ALL, LC_MESSAGES or LANG")
	// The only error is that of a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions(languages(), cobra.ShellCompDirectiveNoFileComp))
}

// read returns the language that was asked for, else that of the locale.
func (f *languageFlag) read(std streams) (*words.Language, error) {
	if f.language == "" {
		return words.In(languageOf(std.locale)), nil
	}
	language := words.In(f.language)
	if language.Name != f.language {
		return language, fmt.Errorf("--lang %s: there is no text in this language; there are: %s", f.language, strings.Join(languages(), ", "))
	}
	return language, nil
}

// languages are the names of those that the text can be written in.
func languages() []string {
	var names []string
	for _, l := range words.Languages() {
		names = append(names, l.Name)
	}
	return names
}

// languageOf is the language of a locale: "zh" of "zh_CN.UTF-8".
func languageOf(locale string) string {
	language, _, _ := strings.Cut(strings.NewReplacer("-", "_", ".", "_", "@", "_").Replace(locale), "_")
	return strings.ToLower(language)
}
