One shot, from an object of columns or from an array of closes:

  $ echo '{"close":[1,2,3,4,5]}' | ../bin/main.exe ema --period 3
  [null,null,2.0,3.0,4.0]
  $ echo '[1,2,4]' | ../bin/main.exe sma --period 2 --last 1
  [3.0]
  $ echo '{"close":[1,3]}' | ../bin/main.exe bollinger --period 2
  {"upper":[null,4.0],"middle":[null,2.0],"lower":[null,0.0]}

Each indicator once, the latest values of one series:

  $ cat > bars.json <<EOF
  > {"high":[12,13,15,14,16,17],"low":[10,11,12,12,13,15],"close":[11,12,14,13,15,16],"volume":[5,6,7,8,9,10],
  >  "timestamp":[0,60,120,180,240,300]}
  > EOF
  $ for i in "sma 2" "ema 2" "wma 2" "stddev 2" "rsi 2" "roc 2" "bollinger 2" "atr 2" "donchian 2" "highest 2" "lowest 2" "avg_volume 2" "adx 2" "cci 2" "vwap 2" "vwap 0"; do
  >   set -- $i; echo "$i $(../bin/main.exe $1 --period $2 --last 1 < bars.json)"
  > done
  sma 2 [15.5]
  ema 2 [15.450617283950617]
  wma 2 [15.666666666666666]
  stddev 2 [0.5]
  rsi 2 [90.47619047619048]
  roc 2 [23.076923076923084]
  bollinger 2 {"upper":[16.5],"middle":[15.5],"lower":[14.5]}
  atr 2 [2.3125]
  donchian 2 {"upper":[17.0],"middle":[15.0],"lower":[13.0]}
  highest 2 [16.0]
  lowest 2 [12.0]
  avg_volume 2 [8.5]
  adx 2 {"adx":[100.0],"plus_di":[51.388888888888886],"minus_di":[0.0]}
  cci 2 [66.66666666666676]
  vwap 2 [15.368421052631579]
  vwap 0 [13.748148148148147]
  $ ../bin/main.exe macd --fast 2 --slow 3 --signal 2 --last 1 < bars.json
  {"macd":[0.5277777777777768],"signal":[0.5185185185185177],"histogram":[0.009259259259259078]}
  $ ../bin/main.exe keltner --period 2 --atr_period 2 --last 1 < bars.json
  {"upper":[20.075617283950617],"middle":[15.450617283950617],"lower":[10.825617283950617]}
  $ ../bin/main.exe stochastic --k 3 --d 2 --smooth 1 --last 1 < bars.json
  {"k":[80.0],"d":[77.5]}
  $ ../bin/main.exe obv --last 2 < bars.json
  [19.0,29.0]

Line by line, whatever comes:

  $ ../bin/main.exe <<EOF
  > {"id":1,"indicator":"ema","params":{"period":2},"data":{"close":[1,2,3]}}
  > {"id":"b","indicator":"macd","params":{"fast":2,"slow":3,"signal":2},"data":{"close":[1,2,4,8,16]},"last":2}
  > {"id":3,"indicator":"atr","params":{"period":1},"data":{"high":[2,3],"low":[1,2],"close":[1.5,2.5]}}
  > 
  > nonsense
  > {"id":4,"indicator":"emma","data":{}}
  > {"id":5,"indicator":"ema","data":{"close":[1]}}
  > {"id":6,"indicator":"ema","params":{"period":0},"data":{"close":[1]}}
  > {"id":7,"indicator":"ema","params":{"period":2.5},"data":{"close":[1]}}
  > {"id":8,"indicator":"ema","params":{"length":2},"data":{"close":[1]}}
  > {"id":9,"indicator":"ema","params":{"period":2},"data":{"open":[1]}}
  > {"id":10,"indicator":"atr","data":{"high":[1,2],"low":[1],"close":[1,2]}}
  > {"id":11,"indicator":"ema","params":{"period":2},"data":{"close":[1,"x"]}}
  > {"id":12,"indicator":"ema","params":{"period":1},"data":{"close":[1]},"last":0}
  > {"id":13,"indicator":"roc","params":{"period":1},"data":{"close":[1e-300,1e300]}}
  > EOF
  {"id":1,"ok":[null,1.5,2.5]}
  {"id":"b","ok":{"macd":[1.166666666666667,2.1944444444444464],"signal":[0.9166666666666667,1.76851851851852],"histogram":[0.2500000000000002,0.4259259259259265]}}
  {"id":3,"ok":[null,1.5]}
  {"id":null,"error":{"code":"bad_json","message":"Line 1, bytes 0-8:\nInvalid token 'nonsense'"}}
  {"id":4,"error":{"code":"unknown_indicator","message":"emma: no such indicator; there are adx, atr, avg_volume, bollinger, cci, donchian, ema, highest, keltner, lowest, macd, obv, roc, rsi, sma, stddev, stochastic, vwap, wma"}}
  {"id":5,"error":{"code":"bad_params","message":"ema: period: expected a number, found nothing"}}
  {"id":6,"error":{"code":"bad_params","message":"ema: period: expected an integer from 1 to 100000, found 0"}}
  {"id":7,"error":{"code":"bad_params","message":"ema: period: expected an integer from 1 to 100000, found 2.5"}}
  {"id":8,"error":{"code":"bad_params","message":"ema: length: no such parameter"}}
  {"id":9,"error":{"code":"bad_data","message":"ema: expected the column close, found none"}}
  {"id":10,"error":{"code":"bad_data","message":"high has 2 values, low has 1"}}
  {"id":11,"error":{"code":"bad_data","message":"close[1]: expected a number, found a string"}}
  {"id":12,"error":{"code":"bad_request","message":"last: expected an integer from 1, found 0"}}
  {"id":13,"error":{"code":"overflow","message":"a value is too large for float64"}}

Bar by bar: a session remembers, tells what it remembers, and another goes on from there:

  $ ../bin/main.exe <<EOF
  > {"id":1,"session":7,"indicator":"ema","params":{"period":2},"data":{"close":[1,2]}}
  > {"id":2,"session":7,"data":{"close":[3.1]},"export":true}
  > {"id":3,"session":8,"indicator":"ema","params":{"period":2},"state":[[2.0,2.5666666666666664]],"data":{"close":[4]}}
  > {"id":4,"session":7,"data":{"close":[4]}}
  > {"id":5,"session":9,"indicator":"macd","export":true}
  > {"id":6,"session":7,"end":true}
  > {"id":7,"session":7,"data":{"close":[5]}}
  > {"id":8,"session":-1,"data":{"close":[5]}}
  > {"id":9,"session":8,"indicator":"ema","params":{"period":2},"state":[[2.0]]}
  > {"id":10,"session":8,"indicator":"ema","params":{"period":2},"state":"none"}
  > {"id":11,"session":8,"data":{"close":["x"]}}
  > {"id":12,"session":8,"data":{"close":[5]},"export":1}
  > {"id":13,"session":8,"data":{"close":[5]}}
  > EOF
  {"id":1,"ok":[null,1.5]}
  {"id":2,"ok":[2.5666666666666664],"state":[[2.0,2.5666666666666664]]}
  {"id":3,"ok":[3.522222222222222]}
  {"id":4,"ok":[3.522222222222222]}
  {"id":5,"ok":{"macd":[],"signal":[],"histogram":[]},"state":[[0.0],[0.0],[0.0],[0.0]]}
  {"id":6,"ok":[]}
  {"id":7,"error":{"code":"unknown_session","message":"7: expected a session that was opened with an indicator"}}
  {"id":8,"error":{"code":"bad_request","message":"session: expected an integer from 0, found -1"}}
  {"id":9,"error":{"code":"bad_state","message":"state: expected what ema remembers with these parameters"}}
  {"id":10,"error":{"code":"bad_state","message":"state: expected an array of rows, found a string"}}
  {"id":11,"error":{"code":"bad_data","message":"close[0]: expected a number, found a string"}}
  {"id":12,"error":{"code":"bad_request","message":"export: expected true or false, found a number"}}
  {"id":13,"ok":[4.507407407407407]}

What it can do:

  $ ../bin/main.exe --list | wc -l | tr -d ' '
  19
  $ ../bin/main.exe --list | grep '"sma"'
  {"name":"sma","summary":"simple moving average","params":[{"name":"period","minimum":1.0,"maximum":100000.0,"default":null,"integer":true}],"inputs":["close"],"outputs":["sma"]}
  $ ../bin/main.exe --list | sed 's/.*"name":"\([a-z_]*\)","summary".*/\1/' | paste -s -d ' ' -
  adx atr avg_volume bollinger cci donchian ema highest keltner lowest macd obv roc rsi sma stddev stochastic vwap wma
  $ ../bin/main.exe --help
  usage: ocaml-indicators                                 answer requests, one JSON object a line
         ocaml-indicators NAME [--PARAMETER VALUE]... [--last N] < FILE
                                                          compute once from {"close":[...],...} or [closes]
         ocaml-indicators --list                          print the indicators, one JSON object a line
         ocaml-indicators --help | --version
  $ ../bin/main.exe ema --help | head -1
  usage: ocaml-indicators                                 answer requests, one JSON object a line
  $ ../bin/main.exe --version
  1.1.0

What it cannot:

  $ ../bin/main.exe ema < /dev/null
  ocaml-indicators: Blank input data
  [1]
  $ echo '{"close":[1]}' | ../bin/main.exe ema
  ocaml-indicators: ema: period: expected a number, found nothing
  [1]
  $ echo '{"close":[1]}' | ../bin/main.exe ema --period
  ocaml-indicators: --period: expected an option with a value
  usage: ocaml-indicators                                 answer requests, one JSON object a line
         ocaml-indicators NAME [--PARAMETER VALUE]... [--last N] < FILE
                                                          compute once from {"close":[...],...} or [closes]
         ocaml-indicators --list                          print the indicators, one JSON object a line
         ocaml-indicators --help | --version
  
  [2]
  $ echo '{"close":[1]}' | ../bin/main.exe ema --period two
  ocaml-indicators: period: expected a number, found two
  [1]
  $ echo '{"close":[1]}' | ../bin/main.exe ema --period 1 --last none
  ocaml-indicators: --last: expected an integer from 1, found none
  [2]
  $ ../bin/main.exe --what
  ocaml-indicators: --what: no such option
  usage: ocaml-indicators                                 answer requests, one JSON object a line
         ocaml-indicators NAME [--PARAMETER VALUE]... [--last N] < FILE
                                                          compute once from {"close":[...],...} or [closes]
         ocaml-indicators --list                          print the indicators, one JSON object a line
         ocaml-indicators --help | --version
  
  [2]
