package kindcluster

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// findIstioctl finds the istioctl to install with: the one that the cluster's
// file names, else one on PATH of the wanted version, else the release, fetched
// once. One of another version would install what nobody asked for.
func (u *up) findIstioctl(ctx context.Context) error {
	c := u.Config.Istio
	if c.Istioctl != "" {
		u.istioctl = c.Istioctl
		version, err := istioctlVersion(ctx, c.Istioctl)
		if err != nil {
			return err
		}
		if version != c.Tag {
			return fmt.Errorf("%s is istioctl %s, and istio.tag asks for %s; name the istioctl of that release, or write tag: %s", c.Istioctl, version, c.Tag, version)
		}
		return nil
	}
	found, err := exec.LookPath("istioctl")
	if err == nil {
		version, err := istioctlVersion(ctx, found)
		if err != nil {
			return err
		}
		if version == c.Tag {
			u.istioctl = found
			return nil
		}
	}
	if u.istioctl, err = u.fetchIstioctl(ctx); err != nil && found != "" {
		return fmt.Errorf("%s on PATH is not of the release %s, which the cluster's file or the default asks for, and it could not be fetched: %w", found, c.Tag, err)
	}
	return err
}

// istioctlVersion asks an istioctl for its own version.
func istioctlVersion(ctx context.Context, file string) (string, error) {
	out, err := run(ctx, versionTimeout, file, "version", "--remote=false", "-o", "json")
	if err != nil {
		return "", fmt.Errorf("%s does not say its version: %w", file, err)
	}
	return parseVersion(file, []byte(out))
}

func parseVersion(file string, out []byte) (string, error) {
	var said struct {
		Client struct {
			Version string `json:"version"`
			Tag     string `json:"tag"`
		} `json:"clientVersion"`
	}
	if err := json.Unmarshal(out, &said); err != nil || said.Client.Version == "" {
		return "", fmt.Errorf("%s is no istioctl: asked for its version it said %q", file, lastLines(string(out), 3))
	}
	return said.Client.Version, nil
}

// releaseURL is where Istio publishes its releases.
const releaseURL = "https://github.com/istio/istio/releases/download/"

// fetchIstioctl fetches the release's istioctl into the cache, once. It is
// checked by the SHA-256 that the release publishes beside it: a download that
// was cut short or changed on its way is found, one that was changed together
// with its checksum is not.
func (u *up) fetchIstioctl(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, fetchTimeout, fmt.Errorf("not fetched within %s", fetchTimeout))
	defer cancel()
	tag := u.Config.Istio.Tag
	file := filepath.Join(u.CacheDir, "istioctl-"+tag)
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	system := map[string]string{"darwin": "osx"}[runtime.GOOS]
	if system == "" {
		system = runtime.GOOS
	}
	url := fmt.Sprintf("%s%s/istioctl-%s-%s-%s.tar.gz", releaseURL, tag, tag, system, runtime.GOARCH)
	hint := func(err error) error {
		return fmt.Errorf("istioctl %s cannot be fetched; put it on PATH, or name it as istio.istioctl in the cluster's file: %w", tag, err)
	}
	sum, err := fetch(ctx, url+".sha256")
	if err != nil {
		return "", hint(err)
	}
	archive, err := fetch(ctx, url)
	if err != nil {
		return "", hint(err)
	}
	program, err := unpackIstioctl(archive, string(sum))
	if err != nil {
		return "", hint(fmt.Errorf("%s: %w", url, err))
	}
	if err := keep(file, program); err != nil {
		return "", err
	}
	return file, nil
}

// unpackIstioctl checks an archive by its published sum ("<hex>  <name>") and
// returns the program in it.
func unpackIstioctl(archive []byte, sum string) ([]byte, error) {
	want, _, _ := strings.Cut(strings.TrimSpace(sum), " ")
	got := sha256.Sum256(archive)
	if hex.EncodeToString(got[:]) != want {
		return nil, fmt.Errorf("its SHA-256 is %x, and the release says %s", got, want)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if err != nil {
			return nil, fmt.Errorf("there is no istioctl in it: %w", err)
		}
		if filepath.Base(header.Name) == "istioctl" {
			return io.ReadAll(io.LimitReader(files, 1<<30))
		}
	}
}

// keep writes a program so that it is there whole or not at all.
func keep(file string, program []byte) error {
	fresh, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err == nil {
		_, err = fresh.Write(program)
		err = errors.Join(err, fresh.Chmod(0o755), fresh.Close())
		if err == nil {
			err = os.Rename(fresh.Name(), file)
		}
		if err != nil {
			os.Remove(fresh.Name())
		}
	}
	return diskFull(filepath.Dir(file), err)
}

// diskFull says what to do about a cache folder that cannot be written.
func diskFull(dir string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("the disk of the cache folder %s is full; make room there, or set XDG_CACHE_HOME to another folder: %w", dir, err)
	}
	return fmt.Errorf("the cache folder %s cannot be written; set XDG_CACHE_HOME to another folder: %w", dir, err)
}

// fetch gets a file that fits into memory.
func fetch(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", url, response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, 1<<30))
}
