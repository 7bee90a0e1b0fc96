/* A saved model in plain C: c_api MODEL.keras. The model has one input and one output. */
#include <keraunos/keraunos_c.h>
#include <stdio.h>

int main(int argc, char** argv) {
  kn_model* model = NULL;
  kn_session* session = NULL;
  float x[64] = {0};
  float y[64];
  size_t count = 64;
  size_t i, numbers;
  int64_t sizes[2] = {1, 1};
  size_t rank = 2;
  int status;
  if (argc < 2) return 2;
  if (kn_model_load("no such file.keras", &model) != KN_NOT_FOUND) return 1;
  if (kn_model_load(argv[1], &model) != KN_OK) {
    fprintf(stderr, "%s\n", kn_last_error());
    return 1;
  }
  /* A shape that does not fit names what would. */
  sizes[1] = 63;
  if (kn_model_predict(model, x, sizes, rank, y, &count) == KN_OK) return 1;
  fprintf(stderr, "%s\n", kn_last_error());
  sizes[1] = argc > 2 ? (int64_t)(argc - 2) : 1;
  for (i = 2; i < (size_t)argc && i < 66; ++i) sscanf(argv[i], "%f", &x[i - 2]);
  count = 64;
  status = kn_model_predict(model, x, sizes, rank, y, &count);
  if (status == KN_OK) status = kn_session_new(model, sizes, &rank, 1, &session);
  if (status != KN_OK) {
    fprintf(stderr, "%s\n", kn_last_error());
    return 1;
  }
  for (i = 0; i < (size_t)sizes[1]; ++i) kn_session_input(session, 0, NULL)[i] = x[i];
  status = kn_session_run(session);
  for (i = 0; i < count; ++i) printf("%.9g %.9g\n", y[i], kn_session_output(session, 0, &numbers)[i]);
  kn_session_free(session);
  kn_model_free(model);
  return status;
}
