open! Import

let stddev ~period x =
  Series.rolling ~period x (fun ~first ->
      let mean = Series.mean x ~first ~length:period in
      let squares =
        Array.init period (fun i ->
            let distance = x.(first + i) -. mean in
            distance *. distance)
      in
      Float.sqrt (Series.mean squares ~first:0 ~length:period))

let band middle width =
  (Series.map2 ( +. ) middle width, middle, Series.map2 ( -. ) middle width)

let together (upper, middle, lower) =
  let start = max (Series.start upper) (Series.start middle) in
  (upper, Array.mapi (fun i value -> if i < start then Series.absent else value) middle, lower)

let bollinger ~period ~deviations x =
  band (Averages.sma ~period x) (Array.map (fun s -> deviations *. s) (stddev ~period x))

let reach ~before ~high ~low = Float.max high before -. Float.min low before

let true_range ~high ~low ~close =
  Array.mapi
    (fun i top -> if i = 0 then Series.absent else reach ~before:close.(i - 1) ~high:top ~low:low.(i))
    high

let atr ~period ~high ~low ~close = Averages.wilder ~period (true_range ~high ~low ~close)

let keltner ~period ~multiplier ~atr_period ~high ~low ~close =
  let width = Array.map (fun a -> multiplier *. a) (atr ~period:atr_period ~high ~low ~close) in
  together (band (Averages.ema ~period close) width)

let extreme pick ~period x =
  Series.rolling ~period x (fun ~first ->
      let best = ref x.(first) in
      for i = first + 1 to first + period - 1 do
        best := pick !best x.(i)
      done;
      !best)

let donchian ~period ~high ~low =
  let upper = extreme Float.max ~period high and lower = extreme Float.min ~period low in
  (upper, Series.map2 (fun a b -> (a +. b) /. 2.0) upper lower, lower)
