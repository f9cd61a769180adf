// Package outward is what every word goes through that splitcheck did not write
// itself, on its way out: what servers answer, what a cluster says, what stands in
// files and on the command line. Such words may hold what the user proves himself
// by, and they may be meant for whoever reads our output: a terminal, a CI runner.
//
// Secrets knows the credentials of one invocation and hides them, in whatever form
// they come back. Line, Lines and Writer make text harmless for where it goes. One
// function for each destination: the next one, say for a spreadsheet, is a function
// beside them.
//
// The package declines to lay anything out, to translate, and to decide what is
// worth saying. It never guesses that a word is a secret because it looks random:
// what is hidden was sent as a credential, or stands where credentials stand.
package outward

// Hidden stands in place of a secret.
const Hidden = "REDACTED"

// shortest is the least number of characters that a secret is searched for in
// foreign text. Shorter ones would be found in every other word. Where we show
// ourselves what the user gave us, secrets are hidden whatever their length.
const shortest = 4
