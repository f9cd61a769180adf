package mesh

import (
	"encoding/hex"
	"strings"
)

// normalize is what Envoy does to a path before it looks for a route, by
// Istio's default of meshConfig.pathNormalization (BASE): dot segments are
// resolved and letters, digits and -._~ decoded. Doubled slashes stay, and so do
// escaped ones.
//
//differential:virtualservice/paths
func normalize(path string) string {
	if !strings.Contains(path, "/.") && !strings.Contains(path, "%") {
		return path
	}
	path = decodeUnreserved(path)
	var kept []string
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, s := range segments {
		switch s {
		case ".":
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		default:
			kept = append(kept, s)
			continue
		}
		if i == len(segments)-1 {
			kept = append(kept, "") // The slash before it stays.
		}
	}
	return "/" + strings.Join(kept, "/")
}

func decodeUnreserved(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '%' && i+2 < len(path) {
			if c, err := hex.DecodeString(path[i+1 : i+3]); err == nil && unreserved(c[0]) {
				b.WriteByte(c[0])
				i += 2
				continue
			}
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

// unreserved are the characters of RFC 3986, section 2.3.
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
