# syntax=docker/dockerfile:1
# Stage 1: dependencies by the lock file, without those of tests.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image brings its own Node.js; the embedded PostgreSQL stays, for a first try without a database.
RUN npm ci --omit=dev --no-audit --no-fund && rm -rf node_modules/node-linux-* node_modules/.bin/node

# Stage 2: the program, not as root, node itself as the process.
FROM node:24-bookworm-slim
# Given here, these win over the settings file: the health check and the volume below count on them.
ENV NODE_ENV=production \
    NODE_OPTIONS=--max-semi-space-size=16 \
    POSREDNIK_CONFIG=/etc/posrednik/posrednik.yaml \
    POSREDNIK_STATE_DIR=/var/lib/posrednik \
    POSREDNIK_CONSOLE__HOST=0.0.0.0 \
    POSREDNIK_CONSOLE__PORT=8080
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY mappings ./mappings
COPY src ./src
RUN mkdir -m 0750 -p /var/lib/posrednik && chown node:node /var/lib/posrednik
USER node
VOLUME /var/lib/posrednik
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.POSREDNIK_CONSOLE__PORT + '/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["node", "src/main.ts", "run"]
