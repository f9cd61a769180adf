package apps

import (
	"fmt"
	"hash/fnv"
	"net/http"
)

// newVersionTest answers a page made for a curl loop: exactly one of its lines
// names the version, whatever the pod is called. The pod's name stays out of the
// body for that reason ("appv1-7d9v2" holds two markers) and is in a header.
func newVersionTest(i Instance) (http.Handler, error) {
	page := prebuilt(http.StatusOK, htmlType, fmt.Sprintf(versionTestPage, versionColor(i.Version), i.Version)).with("X-Pod", i.Pod)
	health := prebuilt(http.StatusOK, plainType, "ok\n")
	missing := prebuilt(http.StatusNotFound, plainType, "Not Found\n")
	return serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/version.html", "/":
			page.ServeHTTP(w, r)
		case "/health":
			health.ServeHTTP(w, r)
		default:
			missing.ServeHTTP(w, r)
		}
	})), nil
}

const versionTestPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>version-test</title>
<link rel="icon" href="data:,">
<style>body{margin:0;min-height:100vh;display:grid;place-items:center;background:%s;color:#fff;font:700 clamp(2rem,9vw,6rem) system-ui,sans-serif}</style>
</head>
<body>
<p>
version-test %s
</p>
</body>
</html>
`

// versionColor is a colour for a version: far apart for the first few, and
// always the same for the same version. They are dark enough for white text.
func versionColor(version string) string {
	palette := [...]string{"#1f5fbf", "#b5491b", "#1d7a4c", "#7a3aa8", "#a3213c", "#0d6b7d", "#7a5c00"}
	switch version {
	case "v1", "v2", "v3":
		return palette[version[1]-'1']
	}
	hash := fnv.New32a()
	hash.Write([]byte(version))
	return palette[hash.Sum32()%uint32(len(palette))]
}
