package apps

import "strings"

// nginxRelease drops the variant of an image tag: 1.16.1-alpine is release
// 1.16.1, which is what its Server header says.
func nginxRelease(imageTag string) string {
	release, _, _ := strings.Cut(imageTag, "-")
	return release
}
