package apps

import (
	"fmt"
	"net/http"
	"strings"
)

// newNginx answers as an nginx that was just installed. The release it claims to
// be shows in the Server header of every answer, and at the foot of error pages.
// A mesh overwrites that header.
func newNginx(i Instance) (http.Handler, error) {
	server := "nginx/" + nginxRelease(i.Version)
	page := func(status int, body string) *answer {
		return prebuilt(status, []string{"text/html"}, body).with("Server", server)
	}
	failure := func(status int, text string) *answer {
		return page(status, fmt.Sprintf("<html>\r\n<head><title>%[1]d %[2]s</title></head>\r\n<body>\r\n"+
			"<center><h1>%[1]d %[2]s</h1></center>\r\n<hr><center>%[3]s</center>\r\n</body>\r\n</html>\r\n", status, text, server))
	}
	welcome := page(http.StatusOK, nginxWelcome)
	missing := failure(http.StatusNotFound, "Not Found")
	refused := failure(http.StatusMethodNotAllowed, "Not Allowed").with("Allow", "GET, HEAD")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			refused.ServeHTTP(w, r)
		case r.URL.Path == "/" || r.URL.Path == "/index.html":
			welcome.ServeHTTP(w, r)
		default:
			missing.ServeHTTP(w, r)
		}
	}), nil
}

// nginxRelease drops the variant of an image tag: 1.16.1-alpine is release
// 1.16.1, which is what its Server header says.
func nginxRelease(imageTag string) string {
	release, _, _ := strings.Cut(imageTag, "-")
	return release
}

const nginxWelcome = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Welcome to nginx!</title>
<style>body { max-width: 35em; margin: 3em auto; padding: 0 1em; font-family: sans-serif; }</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>This is splitcheck's stand-in for an nginx that was installed and not yet configured.
Which release it stands for is in the Server header.</p>
</body>
</html>
`
