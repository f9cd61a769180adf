package routing

import (
	"errors"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/splitcheck/splitcheck/internal/istio"
)

// maxRegex is the length in bytes to which Istio's validation bounds regular
// expressions (istio pkg/config/validation/validation.go).
//
//differential:virtualservice/refused-regex
const maxRegex = 1024

var errLongRegex = errors.New("longer than 1024 characters")

// at and key name a place within an object as manifests.Object.Position takes it.
func at(list string, i int, field ...string) string {
	path := list + "[" + strconv.Itoa(i) + "]"
	for _, f := range field {
		path += "." + f
	}
	return path
}

func key(object, name string) string { return object + "[" + strconv.Quote(name) + "]" }

// quote shows the user's word back, cut where it is long.
func quote(word string) string {
	const most = 80
	if len(word) > most {
		word = word[:most] + "…"
	}
	return strconv.Quote(word)
}

// deploy is what to do about a host that names no Service.
//
//differential:sidecar/dotted-host
func deploy(host string) string {
	if strings.Contains(host, ".") && !strings.HasSuffix(host, istio.ServiceDomain) {
		return "a name with dots is taken as it stands: write the full name, SERVICE.NAMESPACE." + istio.ServiceDomain
	}
	return "deploy the Service, or correct the name"
}

func canonical(header string) string { return textproto.CanonicalMIMEHeaderKey(header) }
