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
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// findIstioctl finds the istioctl for the installation: the one that the
// configuration file names, otherwise one of the wanted version on PATH,
// otherwise the release, downloaded once. An istioctl of another version would
// install a version that nobody asked for.
func (u *up) findIstioctl(ctx context.Context) error {
	c := u.Config.Istio
	if c.Istioctl != "" {
		u.istioctl = c.Istioctl
		version, err := istioctlVersion(ctx, c.Istioctl)
		if err != nil {
			return err
		}
		if version != c.Tag {
			return fmt.Errorf("%s is istioctl %s, but istio.tag asks for %s; name the istioctl of that release, or write tag: %s", c.Istioctl, version, c.Tag, version)
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
		return fmt.Errorf("%s on PATH is not of the release %s, which the configuration file or the default asks for, and it could not be downloaded: %w", found, c.Tag, err)
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
		return "", fmt.Errorf("%s is not an istioctl: for its version it printed %q", file, lastLines(string(out), 3))
	}
	return said.Client.Version, nil
}

// releaseURL is where releases are published.
const releaseURL = "https://github.com/istio/istio/releases/download/"

// A release is one of the control plane, with what is needed to download its
// istioctl.
type release struct {
	// url is the folder of all releases, with a slash at its end.
	url, tag string
	// system and arch are those of this machine, in Go's words.
	system, arch string
	// dir is the folder to keep it in.
	dir string
	// longest bounds the download.
	longest time.Duration
}

func (u *up) fetchIstioctl(ctx context.Context) (string, error) {
	r := release{releaseURL, u.Config.Istio.Tag, runtime.GOOS, runtime.GOARCH, u.CacheDir, fetchTimeout}
	return r.istioctl(ctx)
}

// name is the archive's name without its ending, as Istio's
// release/downloadIstioCtl.sh composes it.
//
//differential:elsewhere test kindcluster/TestArchivesNames
func (r release) name() (string, error) {
	system := ""
	switch {
	case r.system == "darwin" && r.arch == "arm64":
		system = "osx-arm64"
	case r.system == "darwin":
		system = "osx"
	case r.system == "linux" && r.arch == "arm":
		system = "linux-armv7"
	case r.system == "linux":
		system = "linux-" + r.arch
	default:
		return "", fmt.Errorf("its archive for %s/%s cannot be unpacked here", r.system, r.arch)
	}
	return "istioctl-" + r.tag + "-" + system, nil
}

// istioctl downloads the release's istioctl into the folder, once, and returns
// the file. The archive is checked against the SHA-256 that the release
// publishes with it: this finds a download that was cut short or changed on its
// way, but not one that was changed together with its checksum. The kept file
// is checked against our own checksum at each use, because a crash or a full
// disk may have left half of it.
func (r release) istioctl(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.longest, fmt.Errorf("not downloaded within %s", r.longest))
	defer cancel()
	hint := func(err error) error {
		return fmt.Errorf("istioctl %s cannot be downloaded; put it on PATH, or name it as istio.istioctl in the configuration file: %w", r.tag, err)
	}
	name, err := r.name()
	if err != nil {
		return "", hint(err)
	}
	file := filepath.Join(r.dir, name)
	if kept(file) {
		return file, nil
	}
	url := r.url + r.tag + "/" + name + ".tar.gz"
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
	return file, keep(file, program)
}

// sumOf matches what a release publishes as a checksum: "<hex> <name>".
var sumOf = regexp.MustCompile(`^\s*([0-9a-fA-F]{64})(\s|$)`)

// unpackIstioctl checks an archive by its published sum and returns the program
// in it.
func unpackIstioctl(archive []byte, sum string) ([]byte, error) {
	want := sumOf.FindStringSubmatch(sum)
	if want == nil {
		// A company's proxy may answer with a page of its own.
		return nil, fmt.Errorf("its .sha256 file is not a checksum; it begins with %.60q", sum)
	}
	got := sha256.Sum256(archive)
	if !strings.EqualFold(hex.EncodeToString(got[:]), want[1]) {
		return nil, fmt.Errorf("its SHA-256 is %x, but the release says %s", got, want[1])
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("there is no istioctl in it")
		}
		if err != nil {
			return nil, err
		}
		if header.Typeflag == tar.TypeReg && path.Base(header.Name) == "istioctl" {
			return io.ReadAll(io.LimitReader(files, mostFetched))
		}
	}
}

// sumEnding is the ending of the file with the SHA-256 of a program, in hex.
const sumEnding = ".sha256"

// kept reports whether the program is there as keep wrote it. If it is not, it
// is downloaded again, so the reason does not matter.
func kept(file string) bool {
	want, err := os.ReadFile(file + sumEnding)
	if err != nil {
		return false
	}
	program, err := os.Open(file)
	if err != nil {
		return false
	}
	defer program.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, program)
	return err == nil && hex.EncodeToString(sum.Sum(nil)) == string(want)
}

// keep writes a program so that it is there completely or not at all, and then
// its checksum.
func keep(file string, program []byte) error {
	sum := sha256.Sum256(program)
	err := replace(file, program, 0o755)
	if err == nil {
		err = replace(file+sumEnding, []byte(hex.EncodeToString(sum[:])), 0o644)
	}
	return diskFull(filepath.Dir(file), err)
}

// replace writes a new file next to the old one and then moves it into its
// place.
func replace(file string, text []byte, mode os.FileMode) error {
	fresh, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	_, err = fresh.Write(text)
	if err = errors.Join(err, fresh.Chmod(mode), fresh.Close()); err == nil {
		err = os.Rename(fresh.Name(), file)
	}
	if err != nil {
		os.Remove(fresh.Name())
	}
	return err
}

// diskFull says what to do if the cache folder cannot be written.
func diskFull(dir string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("the disk of the cache folder %s is full; make room there, or set XDG_CACHE_HOME to another folder: %w", dir, err)
	}
	return fmt.Errorf("the cache folder %s cannot be written; set XDG_CACHE_HOME to another folder: %w", dir, err)
}
