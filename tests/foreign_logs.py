# ruff: noqa: E501, B007
"""Logs as other programs print them, each of one run: the curves below in that program's words."""

from collections.abc import Callable, Iterator

TRAIN = (2.3, 1.9, 1.5, 1.1, 0.8, 0.6)
VAL = (2.2, 1.8, 1.5, 1.3, 1.2, 1.16)
ACC = (0.12, 0.3, 0.45, 0.6, 0.7, 0.8)
LR = 0.001

Points = tuple[tuple[int, float, float, float], ...]
RUN: Points = tuple((n, *point) for n, point in enumerate(zip(TRAIN, VAL, ACC, strict=True), 1))
"""Epoch (from 1), training loss, validation loss, validation accuracy."""

LOGS: dict[str, str] = {}


def log(name: str) -> Callable[[Callable[[], Iterator[str]]], None]:
    """Registers the lines of a log under the name of its file."""

    def registered(lines: Callable[[], Iterator[str]]) -> None:
        LOGS[name] = "\n".join(lines()) + "\n"

    return registered


@log("keras_verbose1.txt")
def _() -> Iterator[str]:
    yield "2024-03-01 12:00:01.123456: I tensorflow/core/platform/cpu_feature_guard.cc:193] oneDNN"
    yield "Found 2000 images belonging to 2 classes."
    for n, train, val, acc in RUN:
        yield f"Epoch {n}/6"
        bars = [
            f"{k:>4}/100 [{'=' * (k // 4):.<30}] - ETA: {9 - k // 12}s - loss: {train + 1 - k / 100:.4f}"
            f" - accuracy: {acc * k / 100:.4f}"
            for k in (1, 32, 64, 99)
        ]
        yield "\r".join(bars) + (
            f"\r 100/100 [==============================] - 9s 88ms/step - loss: {train:.4f}"
            f" - accuracy: {acc:.4f} - val_loss: {val:.4f} - val_accuracy: {acc:.4f} - lr: {LR}"
        )


@log("keras3_backspace.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield f"\x1b[1mEpoch {n}/6\x1b[0m"
        yield "".join(
            f"\x1b[1m {k:>3}/100\x1b[0m \x1b[32m━━━━━━\x1b[0m\x1b[37m━━━━\x1b[0m \x1b[1m3s\x1b[0m 40ms/step"
            f" - accuracy: {acc * k / 100:.4f} - loss: {train + 1 - k / 100:.4f}" + "\b" * 60 + "\r"
            for k in (1, 50, 99)
        ) + (
            f"\x1b[1m100/100\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m \x1b[1m4s\x1b[0m 41ms/step - accuracy: {acc:.4f}"
            f" - loss: {train:.4f} - val_accuracy: {acc:.4f} - val_loss: {val:.4f}"
            " - learning_rate: 0.0010"
        )


@log("keras_verbose2.txt")
def _() -> Iterator[str]:
    yield "Train on 60000 samples, validate on 10000 samples"
    for n, train, val, acc in RUN:
        yield f"Epoch {n}/6"
        yield ""
        yield f"Epoch {n}: val_loss improved from {val + 0.1:.5f} to {val:.5f}, saving model to best.h5"
        yield f" - 3s - loss: {train:.4f} - acc: {acc:.4f} - val_loss: {val:.4f} - val_acc: {acc:.4f}"


@log("pytorch_mnist.txt")
def _() -> Iterator[str]:
    yield "/usr/lib/python3/dist-packages/torch/optim/lr_scheduler.py:143: UserWarning: Detected call"
    yield '  warnings.warn("Detected call of `lr_scheduler.step()` before `optimizer.step()`. "'
    for n, train, val, acc in RUN:
        for k in range(3):
            share = 100 * k * 25600 / 60000
            yield f"Train Epoch: {n} [{k * 25600}/60000 ({share:.0f}%)]\tLoss: {train - k / 20:.6f}"
        yield ""
        yield f"Test set: Average loss: {val:.4f}, Accuracy: {int(acc * 10000)}/10000 ({acc:.0%})"
        yield ""


@log("pytorch_imagenet.txt")
def _() -> Iterator[str]:
    yield "=> creating model 'resnet18'"
    for n, train, val, acc in RUN:
        for k in (0, 10, 20):
            yield (
                f"Epoch: [{n - 1}][{k:>4}/5005]\tTime  0.388 ( 0.502)\tData  0.002 ( 0.091)\t"
                f"Loss {train:.4e} ({train + 0.05:.4e})\tAcc@1  {100 * acc:.2f} ( {100 * acc:.2f})\t"
                f"Acc@5  {90:.2f} ( {90:.2f})"
            )
        for k in (0, 10):
            yield (
                f"Test: [{k:>3}/196]\tTime  2.1 ( 2.1)\tLoss {val:.4e} ({val:.4e})\t"
                f"Acc@1  {100 * acc:.2f} ( {100 * acc:.2f})\tAcc@5  88.00 ( 88.00)"
            )
        yield f" *   Acc@1 {100 * acc:.3f} Acc@5 88.000"


@log("pytorch_print.txt")
def _() -> Iterator[str]:
    yield "cuda:0"
    for n, train, val, acc in RUN:
        yield f"Epoch {n - 1}/5"
        yield "----------"
        yield f"train Loss: {train:.4f} Acc: {acc:.4f}"
        yield f"val Loss: {val:.4f} Acc: {acc:.4f}"
        yield ""
    yield "Training complete in 1m 3s"
    yield "Best val Acc: 0.800000"


@log("pytorch_cifar_tutorial.txt")
def _() -> Iterator[str]:
    for n, train, *_ in RUN:
        for k in (2000, 4000):
            yield f"[{n}, {k:>5}] loss: {train - k / 50000:.3f}"
    yield "Finished Training"


@log("tqdm.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        bars = [
            f"Epoch {n}/6: {k:>3}%|{'█' * (k // 10):<10}| {k}/100 [00:{k // 10:02}<00:09, 10.11it/s, "
            f"loss={train + 1 - k / 100:.3f}, acc={acc:.3f}]"
            for k in (0, 33, 66, 100)
        ]
        yield "\r".join(bars)
        yield f"Validation: 100%|██████████| 20/20 [00:01<00:00, 18.2it/s, val_loss={val:.3f}]"


@log("tqdm_one_bar.txt")
def _() -> Iterator[str]:
    yield "\r".join(
        f" {n * 16}%|{'█' * n:<6}| {n}00/600 [00:0{n}<00:09, 10.11it/s, loss={train}]"
        for n, train, *_ in RUN
    )


@log("lightning_bar.txt")
def _() -> Iterator[str]:
    yield "GPU available: False, used: False"
    yield "  | Name  | Type       | Params"
    yield "-------------------------------------"
    yield "0 | model | Sequential | 50.4 K"
    yield "Sanity Checking DataLoader 0: 100%|██████████| 2/2 [00:00<00:00, 12.45it/s]"
    for n, train, val, _acc in RUN:
        bars = [
            f"Epoch {n - 1}: {k:>3}%|{'█' * (k // 10):<10}| {k}/100 [00:0{k // 25}<00:05, 23.02it/s, v_num=3, "
            f"train_loss={train:.3f}, val_loss={val + 0.1:.3f}]"
            for k in (20, 60)
        ]
        yield "\r".join(bars) + (
            f"\rEpoch {n - 1}: 100%|██████████| 100/100 [00:05<00:00, 23.02it/s, v_num=3,"
            f" train_loss={train:.3f}, val_loss={val:.3f}]"
        )
    yield "`Trainer.fit` stopped: `max_epochs=6` reached."


@log("hf_stdout.txt")
def _() -> Iterator[str]:
    yield "Some weights of BertForSequenceClassification were not initialized from the checkpoint"
    yield "***** Running training *****"
    yield "  Num examples = 3,668"
    yield "  Num Epochs = 3"
    for n, train, val, acc in RUN:
        yield (
            f"{{'loss': {train}, 'grad_norm': {n + 0.5}, 'learning_rate': {5e-5 - n * 5e-6:.2e}, "
            f"'epoch': {n / 2}}}"
        )
        yield f" {n * 16}%|█▋        | {n * 50}/300 [00:{n:02}<01:10,  3.50it/s]"
        yield (
            f"{{'eval_loss': {val}, 'eval_accuracy': {acc}, 'eval_runtime': 2.87, "
            f"'eval_samples_per_second': 142.1, 'eval_steps_per_second': 17.7, 'epoch': {n / 2}}}"
        )
    yield (
        "{'train_runtime': 80.1, 'train_samples_per_second': 137.3, 'train_steps_per_second': 4.3, "
        "'train_loss': 1.3666, 'epoch': 3.0}"
    )
    yield "100%|██████████| 300/300 [01:20<00:00,  3.74it/s]"


@log("axolotl.txt")
def _() -> Iterator[str]:
    for n, train, val, _acc in RUN:
        yield f"[2024-05-02 10:0{n}:00,123] [INFO] [axolotl.utils.samplers.multipack] packing_efficiency: 0.97"
        yield (
            f"{{'loss': '{train}', 'grad_norm': '{n + 0.5}', 'learning_rate': '2e-05', 'epoch': '{n / 10}'}}"
        )
        yield f"{{'eval_loss': {val}, 'eval_runtime': 12.3, 'epoch': {n / 10}}}"


@log("hf_notebook_table.txt")
def _() -> Iterator[str]:
    yield "Step\tTraining Loss\tValidation Loss\tAccuracy"
    for n, train, val, acc in RUN:
        yield f"{n * 500}\t{train:.6f}\t{val:.6f}\t{acc:.6f}"


@log("hf_model_card.md")
def _() -> Iterator[str]:
    yield "### Training results"
    yield ""
    yield "| Training Loss | Epoch | Step | Validation Loss | Accuracy |"
    yield "|:-------------:|:-----:|:----:|:---------------:|:--------:|"
    for n, train, val, acc in RUN:
        yield f"| {train:<13} | {n}.0   | {n * 500:<4} | {val:<15} | {acc:<8} |"


@log("fairseq.txt")
def _() -> Iterator[str]:
    yield "2023-01-05 10:00:00 | INFO | fairseq_cli.train | training on 1 devices (GPUs/TPUs)"
    for n, train, val, _acc in RUN:
        yield (
            f"2023-01-05 10:0{n}:30 | INFO | train_inner | epoch {n:03}:    100 / 200 loss={train + 0.2:.3f}, "
            f"nll_loss={train + 0.1:.3f}, ppl=9.9, wps=10204, ups=2.9, wpb=3500, bsz=120, "
            f"num_updates={n * 200 - 100}, lr=0.000125, gnorm=1.{n}, loss_scale=128, train_wall=30, wall=60"
        )
        yield (
            f"2023-01-05 10:0{n}:50 | INFO | valid | epoch {n:03} | valid on 'valid' subset | loss {val:.3f} | "
            f"nll_loss {val - 0.2:.3f} | ppl 8.5 | wps 25000 | wpb 2900 | bsz 100 | num_updates {n * 200}"
        )
        yield (
            f"2023-01-05 10:0{n}:55 | INFO | train | epoch {n:03} | loss {train:.3f} | nll_loss {train - 0.1:.3f} "
            f"| ppl 10.1 | wps 10300 | ups 2.9 | wpb 3500 | bsz 120 | num_updates {n * 200} | lr 0.000125 "
            f"| gnorm 1.{n} | loss_scale 128 | train_wall 62 | wall 130"
        )


@log("fairseq_old.txt")
def _() -> Iterator[str]:
    for n, train, val, _acc in RUN:
        yield (
            f"| epoch {n:03} | loss {train:.3f} | nll_loss {train - 0.1:.3f} | ppl 24.93 | wps 31451 | ups 8.8 "
            f"| wpb 3556 | bsz 154 | num_updates {n * 1000} | lr 0.000125 | gnorm 1.2 | clip 0% | oom 0 | wall 120"
        )
        yield (
            f"| epoch {n:03} | valid on 'valid' subset | loss {val:.3f} | nll_loss {val - 0.1:.3f} | ppl 20.1 "
            f"| num_updates {n * 1000}"
        )


@log("opennmt.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield (
            f"[2023-02-03 11:0{n}:01,000 INFO] Step {n * 50}/  300; acc: {100 * acc:.2f}; ppl: 99.21; "
            f"xent: {train:.2f}; lr: 0.00010; sents:  3200; bsz: 1800/1700/60; 9000/8700 tok/s;   {n * 20} sec;"
        )
        yield f"[2023-02-03 11:0{n}:05,000 INFO] valid stats calculation"
        yield f"[2023-02-03 11:0{n}:05,000 INFO] Validation perplexity: {2.71828**val:.4f}"
        yield f"[2023-02-03 11:0{n}:05,000 INFO] Validation xent: {val}"
        yield f"[2023-02-03 11:0{n}:05,000 INFO] Validation accuracy: {100 * acc:.4f}"


@log("megatron.txt")
def _() -> Iterator[str]:
    yield "training ..."
    yield "[before the start of training step] datetime: 2023-05-05 09:00:00"
    for n, train, val, _acc in RUN:
        yield (
            f" [2023-05-05 09:0{n}:00] iteration {n * 100:>8}/     600 | consumed samples: {n * 25600:>12} | "
            f"elapsed time per iteration (ms): 410.2 | learning rate: 1.500E-04 | global batch size:   256 | "
            f"lm loss: {train:.6E} | loss scale: 65536.0 | grad norm: 1.{n}23 | number of skipped iterations:   0 "
            "| number of nan iterations:   0 |"
        )
        yield "-" * 98
        yield (
            f" validation loss at iteration {n * 100} | lm loss value: {val:.6E} | lm loss PPL: {2.71828**val:.6E} | "
        )
        yield "-" * 98


@log("deepspeed.txt")
def _() -> Iterator[str]:
    for n, train, *_ in RUN:
        yield (
            f"[2023-05-05 09:0{n}:00,111] [INFO] [logging.py:96:log_dist] [Rank 0] step={n * 10}, skipped=0, "
            "lr=[0.0001, 0.0001], mom=[(0.9, 0.95), (0.9, 0.95)]"
        )
        yield (f"steps: {n * 10} loss: {train:.4f} iter time (s): 0.512 samples/sec: 62.5")


@log("paddle.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        for k in (0, 10):
            yield (
                f"[2022/10/10 10:1{n}:0{k // 10}] ppcls INFO: [Train][Epoch {n}/6][Iter: {k}/20]lr(LinearWarmup): "
                f"0.00100000, top1: {acc:.5f}, top5: 0.90000, CELoss: {train:.5f}, loss: {train:.5f}, "
                "batch_cost: 0.41s, reader_cost: 0.1, ips: 150.5 samples/s, eta: 0:01:00"
            )
        yield (
            f"[2022/10/10 10:1{n}:30] ppcls INFO: [Eval][Epoch {n}][Avg]CELoss: {val:.5f}, loss: {val:.5f}, "
            f"top1: {acc:.5f}, top5: 0.92000"
        )


@log("paddle_hapi.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield f"Epoch {n}/6"
        yield f"step  10/938 [..............................] - loss: {train + 0.5:.4f} - acc: {acc - 0.05:.4f} - 10ms/step"
        yield f"step 938/938 [==============================] - loss: {train:.4f} - acc: {acc:.4f} - 9ms/step"
        yield "Eval begin..."
        yield f"step 157/157 [==============================] - loss: {val:.4f} - acc: {acc:.4f} - 6ms/step"
        yield "Eval samples: 10000"


@log("mmengine.log")
def _() -> Iterator[str]:
    yield "2023/06/01 12:00:00 - mmengine - INFO - Hooks will be executed in the following order:"
    for n, train, _val, acc in RUN:
        for k in (50, 100):
            yield (
                f"2023/06/01 12:0{n}:{k // 2:02} - mmengine - INFO - Epoch(train)  [{n}][{k:>3}/100]  "
                f"base_lr: 1.0000e-03 lr: 1.0000e-03  eta: 0:10:00  time: 0.3000  data_time: 0.0100  "
                f"memory: 4000  grad_norm: 2.5  loss: {train + 0.2 - k / 500:.4f}  loss_cls: {train / 2:.4f}  "
                f"loss_bbox: {train / 2:.4f}"
            )
        yield (
            f"2023/06/01 12:0{n}:59 - mmengine - INFO - Epoch(val) [{n}][20/20]    coco/bbox_mAP: {acc:.4f}  "
            "coco/bbox_mAP_50: 0.5000  data_time: 0.0100  time: 0.1"
        )


@log("detectron2.log")
def _() -> Iterator[str]:
    yield "[01/02 10:00:00 d2.engine.train_loop]: Starting training from iteration 0"
    for n, train, *_ in RUN:
        yield (
            f"[01/02 10:0{n}:00 d2.utils.events]:  eta: 0:05:00  iter: {20 * n - 1}  total_loss: {train:.3f}  "
            f"loss_cls: {train / 2:.3f}  loss_box_reg: {train / 2:.3f}  time: 0.3312  last_time: 0.3  "
            "data_time: 0.0102  last_data_time: 0.01   lr: 0.00025  max_mem: 3000M"
        )


@log("flax.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield f"I0305 10:00:0{n}.123456 140012 train.py:154] epoch:{n:>3}, train_loss: {train:.4f}, train_accuracy: {100 * acc:.2f}, test_loss: {val:.4f}, test_accuracy: {100 * acc:.2f}"


@log("jax_clu.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield f"I0305 10:00:0{n}.123456 140012 logging_writer.py:48] [{n * 100}] learning_rate=0.1, train_accuracy={acc}, train_loss={train}"
        yield f"I0305 10:00:0{n}.123456 140012 logging_writer.py:48] [{n * 100}] eval_accuracy={acc}, eval_loss={val}"


@log("jax_step.txt")
def _() -> Iterator[str]:
    for n, train, *_ in RUN:
        yield f"step: {n * 100}, loss: {train:.5f}, steps/s: 12.5"


@log("stable_baselines3.txt")
def _() -> Iterator[str]:
    yield "Using cpu device"
    for n, train, *_ in RUN:
        yield "-----------------------------------------"
        yield "| rollout/                |             |"
        yield f"|    ep_len_mean          | {20 * n:<11} |"
        yield f"|    ep_rew_mean          | {20.5 * n:<11} |"
        yield "| time/                   |             |"
        yield f"|    fps                  | {900 + n:<11} |"
        yield f"|    iterations           | {n:<11} |"
        yield f"|    total_timesteps      | {2048 * n:<11} |"
        yield "| train/                  |             |"
        yield f"|    approx_kl            | {0.0088 / n:<11.7f} |"
        yield f"|    entropy_loss         | {-0.68 + n / 100:<11.3g} |"
        yield f"|    explained_variance   | {0.1 * n:<11.3g} |"
        yield "|    learning_rate        | 0.0003      |"
        yield f"|    loss                 | {train:<11.3g} |"
        yield f"|    n_updates            | {10 * n:<11} |"
        yield f"|    policy_gradient_loss | {-0.01 * n:<11.3g} |"
        yield f"|    value_loss           | {30.5 / n:<11.3g} |"
        yield "-----------------------------------------"


@log("fastai_notebook.txt")
def _() -> Iterator[str]:
    yield "epoch     train_loss  valid_loss  accuracy  time    "
    for n, train, val, acc in RUN:
        yield f"{n - 1:<9} {train:<11} {val:<11} {acc:<9} 00:0{n}     "


@log("yolov5_results.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield (
            f"       {n - 1}/5     1.68G   {train / 2:.5f}   {train / 2:.5f}         0   {train:.5f}        11       640"
            f"    {acc}       0.5    {acc}     0.4   {val / 2:.5f}   {val / 2:.5f}         0"
        )


@log("ultralytics_console.txt")
def _() -> Iterator[str]:
    for n, train, *_ in RUN:
        yield ""
        yield "      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size"
        yield (
            f"\x1b[K        {n}/6      2.61G      {train / 2:.3f}      {train / 4:.3f}      {train / 4:.3f}         "
            f"12        640: 100%|██████████| 50/50 [00:10<00:00,  4.8it/s]"
        )
        yield "                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100%|█| 5/5"
        yield f"                   all        128        929      0.640      0.537      {n / 10:.3f}      0.446"


@log("wandb_export.csv")
def _() -> Iterator[str]:
    yield ",".join(
        f'"{title}"'
        for title in (
            "Step",
            *(
                f"calm-river-7 - {m}{e}"
                for m in ("train/loss", "eval/loss")
                for e in ("", "__MIN", "__MAX")
            ),
        )
    )
    for n, train, val, _acc in RUN:
        yield ",".join(f'"{v}"' for v in (n * 10, train, train, train, val, val, val))


@log("tensorboard_export.csv")
def _() -> Iterator[str]:
    yield "Wall time,Step,Value"
    for n, train, *_ in RUN:
        yield f"{1650000000.123 + n},{n * 10},{train}"


@log("decimal_comma.csv")
def _() -> Iterator[str]:
    yield "Epoche;Trainingsverlust;Validierungsverlust;Genauigkeit"
    for row in RUN:
        yield ";".join(str(v).replace(".", ",") for v in row)


@log("excel_sep.csv")
def _() -> Iterator[str]:
    yield "sep=;"
    yield "epoch;loss;val_loss"
    for n, train, val, _acc in RUN:
        yield f"{n};{train:.4f};{val:.4f}".replace(".", ",")


@log("spaces.txt")
def _() -> Iterator[str]:
    yield "# epoch train_loss val_loss"
    for n, train, val, _acc in RUN:
        yield f"{n} {train} {val}"


@log("logger_table.txt")
def _() -> Iterator[str]:
    yield "+-------+------------+----------+"
    yield "| epoch | train loss | val loss |"
    yield "+-------+------------+----------+"
    for n, train, val, _acc in RUN:
        yield f"| {n:>5} | {train:>10} | {val:>8} |"
    yield "+-------+------------+----------+"


@log("skorch.txt")
def _() -> Iterator[str]:
    yield "  epoch    train_loss    valid_acc    valid_loss     dur"
    yield "-------  ------------  -----------  ------------  ------"
    for n, train, val, acc in RUN:
        yield f"      {n}        \x1b[36m{train:.4f}\x1b[0m       \x1b[32m{acc:.4f}\x1b[0m        \x1b[35m{val:.4f}\x1b[0m  0.1{n}02"


@log("xgboost.txt")
def _() -> Iterator[str]:
    for n, train, val, _acc in RUN:
        yield f"[{n - 1}]\ttrain-logloss:{train:.5f}\teval-logloss:{val:.5f}"


@log("lightgbm.txt")
def _() -> Iterator[str]:
    yield "[LightGBM] [Info] Number of positive: 100, number of negative: 100"
    yield "Training until validation scores don't improve for 50 rounds"
    for n, train, val, _acc in RUN:
        yield f"[{n * 10}]\ttraining's binary_logloss: {train:.6f}\tvalid_1's binary_logloss: {val:.6f}"
    yield "Early stopping, best iteration is:"


@log("catboost.txt")
def _() -> Iterator[str]:
    for n, train, val, _acc in RUN:
        yield f"{n * 10}:\tlearn: {train:.7f}\ttest: {val:.7f}\tbest: {val:.7f} ({n * 10})\ttotal: 10{n}ms\tremaining: 1s"


@log("sklearn_verbose.txt")
def _() -> Iterator[str]:
    for n, train, *_ in RUN:
        yield f"Iteration {n}, loss = {train:.8f}"
        yield f"Validation score: {0.1 * n:.6f}"
    yield "Training loss did not improve more than tol=0.000100 for 10 consecutive epochs. Stopping."


@log("caffe.log")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield f"I0102 10:00:0{n}.123456  4242 solver.cpp:337] Iteration {n * 100}, Testing net (#0)"
        yield f"I0102 10:00:0{n}.223456  4242 solver.cpp:404]     Test net output #0: accuracy = {acc}"
        yield f"I0102 10:00:0{n}.223456  4242 solver.cpp:404]     Test net output #1: loss = {val} (* 1 = {val} loss)"
        yield f"I0102 10:00:0{n}.323456  4242 solver.cpp:228] Iteration {n * 100} (10 iter/s, 10s/100 iters), loss = {train}"
        yield f"I0102 10:00:0{n}.323456  4242 sgd_solver.cpp:106] Iteration {n * 100}, lr = 0.001"


@log("darknet.txt")
def _() -> Iterator[str]:
    for n, train, *_ in RUN:
        yield f" {n * 100}: {train + 0.1:.6f}, {train:.6f} avg loss, 0.001000 rate, 3.1 seconds, {n * 6400} images, 0.5 hours left"


@log("espnet.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield (
            f"2023-03-03 10:0{n}:00,000 (trainer:338) INFO: {n}epoch results: [train] iter_time=0.1, "
            f"loss_ctc={train + 0.5}, loss_att={train - 0.1:.2f}, acc={acc}, loss={train}, grad_norm=3.2, optim0_lr0=0.001, "
            f"train_time=0.5, time=3 minutes, [valid] loss_ctc={val + 0.5}, loss_att={val - 0.1:.2f}, acc={acc}, cer=0.3, "
            f"loss={val}, time=10 seconds, total_count=100"
        )


@log("detr_text.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        for k in (0, 10):
            yield (
                f"Epoch: [{n - 1}]  [ {k:>3}/100]  eta: 0:01:00  lr: 0.000100  class_error: 40.00  loss: {train:.4f} "
                f"({train + 0.1:.4f})  loss_ce: {train / 2:.4f} ({train / 2:.4f})  time: 0.5  data: 0.01  max mem: 4000"
            )
        yield f"Averaged stats: lr: 0.000100  class_error: 40.00  loss: {train:.4f} ({train:.4f})  loss_ce: 0.1 (0.1)"
        yield f"Test:  [ 0/50]  eta: 0:00:30  class_error: 40.0  loss: {val:.4f} ({val:.4f})  time: 0.6  data: 0.1  max mem: 4000"


@log("torchtune.txt")
def _() -> Iterator[str]:
    for n, train, *_ in RUN:
        yield f"Step {n} | loss:{train} lr:2e-05 tokens_per_second_per_gpu:850.5 grad_norm:1.{n}"


@log("litgpt.txt")
def _() -> Iterator[str]:
    for n, train, val, _acc in RUN:
        yield f"Epoch 1 | iter {n * 100} step {n * 25} | loss train: {train:.3f}, val: n/a | iter time: 200.1 ms (step)"
        yield f"iter {n * 100}: val loss {val:.4f}, val time: 1000.00 ms"


@log("llamafactory_stdout.txt")
def _() -> Iterator[str]:
    for n, train, *_ in RUN:
        yield f"[INFO|2024-05-05 10:00:0{n}] llamafactory.train.callbacks:157 >> {{'loss': {train}, 'learning_rate': 4.9e-05, 'epoch': {n / 10}}}"


@log("nemo.txt")
def _() -> Iterator[str]:
    for n, train, *_ in RUN:
        yield f"Training epoch 0, iteration {n * 10}/59 | lr: 5.0e-06 | global_batch_size: 8 | global_step: {n * 10} | reduced_train_loss: {train} | train_step_timing in s: 3.2 | consumed_samples: {n * 80}"


@log("tf_estimator.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield f"INFO:tensorflow:loss = {train}, step = {n * 100} (0.501 sec)"
        yield "INFO:tensorflow:global_step/sec: 199.5"
        yield f"INFO:tensorflow:Saving dict for global step {n * 100}: accuracy = {acc}, global_step = {n * 100}, loss = {val}"


@log("accelerate.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield f"03/04/2024 10:00:0{n} - INFO - __main__ - epoch {n - 1}: perplexity: {2.718**val:.3f} train_loss: {train} eval_loss: {val}"


@log("spanish.csv")
def _() -> Iterator[str]:
    yield "época,pérdida_entrenamiento,pérdida_validación,precisión"
    for row in RUN:
        yield ",".join(map(str, row))


@log("chinese.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield f"第{n}轮 训练损失: {train} 验证损失: {val} 准确率: {acc}"


@log("json_between.txt")
def _() -> Iterator[str]:
    yield "Starting up"
    for n, train, val, acc in RUN:
        yield f'INFO:root:{{"epoch": {n}, "train": {{"loss": {train}}}, "val": {{"loss": {val}, "acc": {acc}}}}}'


@log("structlog.jsonl")
def _() -> Iterator[str]:
    for n, train, val, _acc in RUN:
        yield f'{{"level": "info", "ts": "2024-01-01T00:00:0{n}Z", "msg": "metrics", "epoch": {n}, "metrics": {{"train_loss": {train}, "val_loss": {val}}}}}'


@log("coqui_tts.txt")
def _() -> Iterator[str]:
    for n, train, *_ in RUN:
        yield f"   --> STEP: 25/200 -- GLOBAL_STEP: {n * 200 + 25}"
        yield f"     | > loss: {train:.5f}  ({train + 0.1:.5f})"
        yield "     | > current_lr: 0.00100"
        yield "     | > step_time: 0.20"


@log("chainer.txt")
def _() -> Iterator[str]:
    yield "epoch       main/loss   validation/main/loss  main/accuracy  validation/main/accuracy"
    for n, train, val, acc in RUN:
        yield f"{n}           {train:<11} {val:<21} {acc:<14} {acc}"


@log("mosaicml.jsonl")
def _() -> Iterator[str]:
    for n, train, *_ in RUN:
        yield f'{{"time/batch": {n}, "loss/train/total": {train}, "metrics/train/Perplexity": 9.1, "time/epoch": 0}}'


@log("mxnet.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield f"INFO:root:Epoch[{n - 1}] Batch [100]\tSpeed: 1000.00 samples/sec\taccuracy={acc}"
        yield f"INFO:root:Epoch[{n - 1}] Train-cross-entropy={train}"
        yield f"INFO:root:Epoch[{n - 1}] Time cost=10.1"
        yield f"INFO:root:Epoch[{n - 1}] Validation-accuracy={acc}"
        yield f"INFO:root:Epoch[{n - 1}] Validation-cross-entropy={val}"


@log("ignite.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield f"Training Results - Epoch: {n}  Avg accuracy: {acc:.2f} Avg loss: {train:.2f}"
        yield f"Validation Results - Epoch: {n}  Avg accuracy: {acc:.2f} Avg loss: {val:.2f}"


@log("mlx.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield f"Iter {n * 10}: Val loss {val:.3f}, Val took 10.1s"
        yield f"Iter {n * 10}: Train loss {train:.3f}, Learning Rate 1.000e-03, It/sec 0.9, Tokens/sec 300.1"


@log("icefall.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield f"2022-05-05 10:00:0{n},123 INFO [train.py:422] Epoch {n}, batch {n * 100}, loss[loss={train - 0.1}, simple_loss=0.3, over 100 frames. ], tot_loss[loss={train}, simple_loss=0.3, over 200 frames.], batch size: 20, lr: 1.5e-03"
        yield f"2022-05-05 10:00:0{n},123 INFO [train.py:456] Epoch {n}, validation: loss={val}, simple_loss=0.3"


@log("speechbrain.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield f"Epoch: {n}, lr: 1.00e-03 - train loss: {train} - valid loss: {val}, valid WER: 50.0"


@log("julia.txt")
def _() -> Iterator[str]:
    for n, train, val, acc in RUN:
        yield f"┌ Info: epoch = {n}"
        yield f"│   train_loss = {train}"
        yield f"│   test_loss = {val}"
        yield f"└   test_acc = {acc}"


@log("abbreviated.csv")
def _() -> Iterator[str]:
    yield "epoch,tr,va"
    for n, train, val, acc in RUN:
        yield f"{n},{train},{val}"


@log("russian.csv")
def _() -> Iterator[str]:
    yield "Эпоха,Потери (обучение),Потери (валидация),Точность"
    for row in RUN:
        yield ",".join(map(str, row))
