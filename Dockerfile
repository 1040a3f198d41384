# StreamPulse as an image, for amd64 and arm64. Everything comes from Debian and, by package-lock.json, from npm.

# ffmpeg, ffprobe and tini with the libraries that they are linked to. Debian's ffmpeg package also depends on drivers for
# graphics cards and a compiler for them: half a gigabyte that nothing here opens.
FROM node:24-bookworm-slim AS programs
RUN touch /base \
  && apt-get update \
  && apt-get install -y --no-install-recommends ffmpeg tini \
  && rm -rf /var/lib/apt/lists/*
RUN ldd /usr/bin/ffmpeg /usr/bin/ffprobe /usr/bin/tini | grep -o '/[^ :]*' | sort -u | while read -r file; do \
    if [ -n "$(find -L "$file" -cnewer /base)" ]; then \
      folder="/programs$(readlink -f "$(dirname "$file")")" \
      && mkdir -p "$folder" \
      && cp -pL "$file" "$folder/"; \
    fi; \
  done \
  && /usr/bin/ffprobe -version

# The packages that the product runs on, without what no server opens: source maps, charts for browsers, binaries for
# other platforms.
FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc container/image-package.mjs ./
RUN node image-package.mjs product && npm ci --omit=dev --ignore-scripts
RUN find node_modules -name '*.map' -type f -delete \
  && rm -rf node_modules/echarts/dist node_modules/better-sqlite3/deps node_modules/better-sqlite3/src \
  && find node_modules/better-sqlite3/prebuilds -type f ! -name "linux-$(node -p process.arch).node" -delete

# The package itself: what `npm pack` packs, less what it bundles.
FROM node:24-bookworm-slim AS package
WORKDIR /source
COPY package.json package-lock.json .npmrc container/image-package.mjs ./
RUN cp package.json /tmp/ && node image-package.mjs build && npm ci --ignore-scripts && mv /tmp/package.json .
COPY . .
RUN node scripts/build.mjs \
  && npm pack --ignore-scripts --pack-destination=/tmp \
  && mkdir /package \
  && tar -xzf /tmp/streampulse-*.tgz -C /package --strip-components=1 --no-same-owner \
  && rm -rf /package/node_modules

FROM node:24-bookworm-slim
COPY --from=programs /programs /
COPY --from=packages /app/node_modules /app/node_modules
COPY --from=package /package /app
COPY container/entrypoint.sh /app/container/
# where v2.2 had them
RUN ln -s /host/config.yaml /app/config.yaml \
  && ln -s /host/streams.db /app/streams.db \
  && mkdir /host \
  && chown node:node /host
WORKDIR /app
# HOME is where npm keeps its cache when somebody installs further nodes in the editor
ENV NODE_ENV=production \
  HOME=/tmp \
  STREAMPULSE_DATA=/host \
  STREAMPULSE_BIND=0.0.0.0
VOLUME /host
EXPOSE 7000 8000 1880
HEALTHCHECK --interval=20s --timeout=10s --start-period=60s --retries=3 CMD ["node", "dist/runtime/healthcheck.js"]
ENTRYPOINT ["sh", "/app/container/entrypoint.sh"]
CMD ["node", "--max-semi-space-size=2", "node_modules/node-red/red.js", "--settings", "dist/runtime/settings.js"]
