package main

import (
	"strings"

	"github.com/splitcheck/splitcheck/internal/outward"
)

// secretsOf are the credentials among the arguments as they were typed: a mistake is
// told before the flags have been read, and its message must not repeat them. Flags
// that curl has and we do not are among them, for they are what users try.
func secretsOf(args []string) *outward.Secrets {
	secrets := &outward.Secrets{}
	for i, arg := range args {
		flag, value, given := strings.Cut(arg, "=")
		if !strings.HasPrefix(flag, "-") {
			secrets.URL(arg)
			continue
		}
		secrets.URL(value)
		if short := !strings.HasPrefix(flag, "--"); short && len(arg) > 2 {
			flag, value = arg[:2], strings.TrimPrefix(arg[2:], "=")
		} else if !given && i+1 < len(args) {
			value = args[i+1]
		}
		secretOf(secrets, strings.TrimLeft(flag, "-"), value)
	}
	return secrets
}

// secretOf enters what is a credential in the value of one flag.
func secretOf(secrets *outward.Secrets, flag, value string) {
	switch flag {
	case "header", "H":
		name, text, found := strings.Cut(value, ":")
		if !found {
			name, text = "", value
		}
		secrets.Header(strings.TrimSpace(name), strings.TrimSpace(text))
	case "cookie", "b":
		secrets.Header("Cookie", value)
	case "login":
		name, text, found := strings.Cut(value, "=")
		if !found {
			name, text = "", value
		}
		secrets.Field(strings.TrimSpace(name), text)
	case "data", "d":
		secrets.Body(value)
	case "user", "u", "proxy-user", "U":
		secrets.URL("//" + value + "@")
	case "oauth2-bearer", "token", "password", "pass":
		secrets.Value(value)
	case "expect", "counts", "truth", "margin":
		for part := range strings.SplitSeq(value, ",") {
			version, _, _ := strings.Cut(part, "=")
			secrets.Open(strings.TrimSpace(version))
		}
	}
}

// withoutSecret is what may be shown of a flag's value, however short it is.
func withoutSecret(flag, value string) string {
	switch flag {
	case "header":
		if name, text, found := strings.Cut(value, ":"); found {
			return name + ": " + outward.HeaderValue(strings.TrimSpace(name), strings.TrimSpace(text))
		}
		return outward.Hidden
	case "cookie", "login":
		name, _, found := strings.Cut(value, "=")
		switch {
		case !found:
			return outward.Hidden
		case flag == "login" && outward.SaysWho(name):
			return value
		}
		return name + "=" + outward.Hidden
	case "data":
		return outward.Hidden
	}
	return outward.URL(value)
}
